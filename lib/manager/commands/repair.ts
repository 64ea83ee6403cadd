import { type ServerSpec, serversOn, type VmSpec } from "../description/index.ts";
import { type Act, ManagerError } from "../servers.ts";
import type { Opened } from "../work/index.ts";

export const techniquesByHand = ["restart-server", "replay-server", "rebuild-vm"] as const;

/** A person wants this server or VM repaired now, whatever the sensors say. Of both one name: the server is meant. */
export async function repairNow(work: Opened, name: string, technique: string | null, act: Act): Promise<string> {
  const { description, techniques } = work;
  const server = description.servers.find((one) => one.name === name);
  const vm = description.vms.find((one) => one.name === name);
  if (server === undefined && vm === undefined)
    throw new ManagerError({
      code: "unknown-name",
      message: `There is no server and no VM ${name} in the description.`,
      cure: `Name one of ${[...description.servers, ...description.vms].map((one) => one.name).join(", ")}.`,
    });
  const chosen = technique ?? usual(server);
  if (chosen === "restart-server") await techniques.restartServer(mustBeServer(server, chosen), act);
  else if (chosen === "replay-server") await techniques.replayServer(mustBeServer(server, chosen), act);
  else if (chosen === "rebuild-vm") await techniques.rebuildVm(vmOf(description.vms, vm, server), act);
  else
    throw new ManagerError({
      code: "unknown-technique",
      message: `There is no technique ${chosen}.`,
      cure: `Use one of ${techniquesByHand.join(", ")}.`,
    });
  const about =
    server === undefined && vm !== undefined ? serversOn(description, vm.name) : [server].flatMap((one) => one ?? []);
  const health = await Promise.all(
    about.map(async (one) => ({ name: one.name, ...(await work.hands.health(one, act)) })),
  );
  const bad = health.find(({ ok }) => !ok);
  if (bad !== undefined)
    throw new ManagerError({
      code: "still-down",
      message: `${chosen} was done, and ${bad.name} does not work: ${bad.words}`,
      cure: "Look at its log on its VM.",
    });
  return `${chosen} of ${name} is done, and it works.`;
}

const usual = (server: ServerSpec | undefined) => (server === undefined ? "rebuild-vm" : "restart-server");

function mustBeServer(server: ServerSpec | undefined, technique: string): ServerSpec {
  if (server !== undefined) return server;
  throw new ManagerError({
    code: "unknown-name",
    message: `${technique} is for a server, and a VM was named.`,
    cure: "Name a server.",
  });
}

function vmOf(vms: readonly VmSpec[], vm: VmSpec | undefined, server: ServerSpec | undefined): VmSpec {
  const found = vm ?? vms.find((one) => one.name === server?.vm);
  if (found !== undefined) return found;
  throw new ManagerError({ code: "unknown-name", message: "There is no such VM." });
}
