import { setTimeout as sleep } from "node:timers/promises";
import type { LabState } from "../../lab/index.ts";
import type { CloudView, HostView, IncidentView, VmView } from "../../lib/contract/index.ts";
import type { RunningServer } from "./server.ts";

const waitMs = 120_000;

/** Asks again and again until the answer is something; throws with `what` when it takes too long. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  everyMs = 50,
  withinMs = waitMs,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(everyMs);
  }
}

export const cloudOf = (server: RunningServer) => server.api<CloudView>("GET", "/cloud");

/** Enrols every host of a lab by the same API as a person's hosts; the lab's own record is what approves the keys. */
export async function enrolLab(server: RunningServer, lab: LabState): Promise<HostView[]> {
  const hosts: HostView[] = [];
  for (const { uri, hostKeySha256, name } of lab.hosts) {
    const body = { uri, name, approvedHostKeySha256: hostKeySha256, faultInjection: true };
    hosts.push((await server.api<{ host: HostView }>("POST", "/hosts", body)).host);
  }
  return hosts;
}

/** Waits until Belay has adopted the guest, and tells it how the guest answers. */
export async function adopted(server: RunningServer, name: string, address: string): Promise<VmView> {
  const vm = await until(`${name} adopted`, async () => (await cloudOf(server)).vms.find((it) => it.name === name));
  return server.api<VmView>("PATCH", `/vms/${vm.id}`, { answerCheck: { kind: "tcp", address, port: 80 } });
}

/** The VM's incidents, newest first. */
export const incidentsOf = async (server: RunningServer, vm: VmView): Promise<IncidentView[]> => {
  const { incidents } = await server.api<{ incidents: IncidentView[] }>("GET", `/incidents?vmId=${vm.id}`);
  return incidents;
};
