import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGuest, type GuestInfo, type LabState, labUp } from "../../lab/index.ts";
import type { HostView, IncidentView, InstallLine, PolicyView, VmView } from "../../lib/contract/index.ts";
import { ensureIdentity } from "../../lib/hypervisor/index.ts";
import { adopted, cloudOf, enrolLab, until } from "./enrol.ts";
import { freePort, type RunningServer, startServer } from "./server.ts";

/** The lab's directory that every host sees with the same files. */
const sharedPath = "/srv/belay-shared";
const fenceAgent = path.resolve(import.meta.dirname, "../../lab/fence-belay-lab");

export interface Subject {
  readonly guest: GuestInfo;
  readonly vm: VmView;
}

/** A lab whose hosts Belay may fence, with a server on it, and guests whose owners let Belay start them elsewhere. */
export interface FaultLab {
  readonly name: string;
  readonly lab: LabState;
  readonly server: RunningServer;
  readonly dataDir: string;
  readonly port: number;
  readonly subjects: readonly Subject[];
  hosts(): Promise<HostView[]>;
  host(name: string): Promise<HostView>;
  /** `kill -9` of the server, and a new one on the same data. */
  crashServer(): Promise<void>;
}

export interface FaultLabOptions {
  readonly lab: Pick<LabState, "name">;
  /** Host of each guest, by its name. */
  readonly guests: Readonly<Record<string, string>>;
  readonly policy?: Partial<PolicyView>;
  /** Installs the host helper on every host, so that a lease protects what no fence device reaches. */
  readonly helper?: boolean;
  readonly log: (line: string) => void;
  readonly onEnd: (undo: () => Promise<void>) => void;
}

/** The guest's page; undefined while it is silent. Each boot writes another boot id into it. */
export async function page(address: string): Promise<string | undefined> {
  try {
    const reply = await fetch(`http://${address}/host.json`, { signal: AbortSignal.timeout(1_000) });
    return reply.ok ? await reply.text() : undefined;
  } catch {
    return undefined; // also one that dies in the middle of its answer
  }
}

export const answers = (guest: GuestInfo) => until(`${guest.name} answers`, () => page(guest.address), 50);

export async function openFaultLab(options: FaultLabOptions): Promise<FaultLab> {
  const { log, onEnd } = options;
  const dataDir = await mkdtemp(path.join(tmpdir(), "belay-fault-"));
  onEnd(() => rm(dataDir, { recursive: true, force: true }));
  const { publicKey } = await ensureIdentity(path.join(dataDir, "ssh"));
  const { name } = options.lab;
  const lab = await labUp({ name, authorize: [publicKey] });
  const guests: GuestInfo[] = [];
  for (const [guest, host] of Object.entries(options.guests))
    guests.push(await createGuest(name, { name: guest, host, disk: "shared" }));
  await Promise.all(guests.map(answers));
  log(`guests: ${guests.map((guest) => `${guest.name} on ${guest.host}`).join(", ")}`);

  const port = await freePort();
  let server = await startServer({ dataDir, port });
  onEnd(() => server.stop());
  if (options.policy !== undefined) await server.api("PATCH", "/policy", options.policy);
  for (const host of await enrolLab(server, lab)) {
    await server.api("PATCH", `/hosts/${host.id}`, { sharedPaths: [sharedPath] });
    await server.api("POST", `/hosts/${host.id}/fence-devices`, {
      position: 1,
      agent: fenceAgent,
      options: { lab: name, plug: host.name },
      timeoutMs: 10_000,
    });
  }
  const subjects: Subject[] = [];
  for (const guest of guests) {
    const vm = await adopted(server, guest.name, guest.address);
    await server.api("PATCH", `/vms/${vm.id}`, { consent: "relocate" });
    subjects.push({ guest, vm });
  }
  const opened: FaultLab = {
    ...{ name, lab, dataDir, port, subjects },
    get server() {
      return server;
    },
    hosts: async () => (await cloudOf(server)).hosts,
    async host(wanted) {
      const found = (await opened.hosts()).find((it) => it.name === wanted);
      if (found === undefined) throw new Error(`there is no host ${wanted}`);
      return found;
    },
    async crashServer() {
      await server.kill();
      server = await startServer({ dataDir, port });
    },
  };
  if (options.helper) for (const host of await opened.hosts()) await installHelper(opened, host);
  await allProtected(opened);
  return opened;
}

/** Twice is once. After a power cycle of a lab's host it has to be done again: nothing starts the helper there, as systemd does elsewhere. */
export async function installHelper(fault: FaultLab, host: HostView): Promise<void> {
  const lines = await fault.server.api<readonly InstallLine[]>("POST", `/hosts/${host.id}/helper`, {});
  const failed = lines.find((it) => it.kind === "failed");
  if (failed !== undefined) throw new Error(`the helper of ${host.name}: ${failed.message}`);
  await until(`the helper of ${host.name}`, async () => {
    const { helper } = await fault.host(host.name);
    return helper?.connected && helper.watchdog !== "none" ? true : undefined;
  });
}

const isProtected = (host: HostView) =>
  host.state === "up" &&
  (host.standing === "in-use" || host.standing === "maintenance") &&
  host.health === "green" &&
  host.protection.ok;

/** Every host is in use and could be proven off. */
export async function allProtected(fault: FaultLab): Promise<void> {
  let last: readonly HostView[] = [];
  await until("every host is in use and protected", async () => {
    last = await fault.hosts();
    return last.every(isProtected) ? true : undefined;
  }).catch((error: unknown) => {
    const words = last
      .filter((it) => !isProtected(it))
      .map((it) => `${it.name} is ${it.state}, ${it.standing}, ${it.health}: ${it.protection.words}`);
    throw new Error(`Not every host is in use and protected. ${words.join(" ")}`, { cause: error });
  });
}

/** The incidents of hosts, newest first. */
export const hostIncidents = async (server: RunningServer): Promise<IncidentView[]> =>
  (await server.api<{ incidents: IncidentView[] }>("GET", "/incidents")).incidents.filter((it) => it.vmId === null);
