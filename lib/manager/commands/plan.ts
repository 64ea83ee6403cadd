import { bindingsOf, type ServerSpec, startOrder } from "../description/index.ts";
import type { Opened } from "../work/index.ts";
import { type ManagerIo, type Result, table } from "./io.ts";
import { vmsPlanned } from "./vm-plan.ts";

const lookMs = 15_000;

type Planned = "description" | "records" | "api" | "imageIdOf" | "workshop" | "hands" | "warnings";

/** What `up` would do. Nothing is done. */
export async function planOf(work: Pick<Opened, Planned>, io: Pick<ManagerIo, "signal">): Promise<Result> {
  const { description, records, workshop, hands, warnings } = work;
  const { provider, vms } = await vmsPlanned(work);
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(lookMs)]);
  const isMade = (vm: string) => vms.some((one) => one.vm === vm && one.does === "make");

  async function doesWith(server: ServerSpec): Promise<"keep" | "deploy and start" | "configure" | "start"> {
    const due = await workshop.due(server);
    if (due.includes("deploy") || isMade(server.vm)) return "deploy and start";
    const { uses, balances, replicates } = bindingsOf(description, records, server.name);
    // The VM that is made anew has another address.
    if (due.length > 0 || [...uses, ...balances, ...replicates].some(({ vm }) => isMade(vm))) return "configure";
    return (await hands.health(server, { signal, progress() {} })).ok ? "keep" : "start";
  }

  const servers = await Promise.all(
    startOrder(description).map(async (server) => ({
      ...{ server: server.name, does: await doesWith(server), words: `${server.kind} on ${server.vm}` },
    })),
  );
  const left = records.left();
  const changed = vms.find(({ does }) => does === "changed");
  const isDone = !vms.some(({ does }) => does === "make") && servers.every(({ does }) => does === "keep");
  return {
    data: { provider, vms, servers, left, warnings },
    lines: [
      ...(provider === "away" ? ["The provider does not answer: this is by the manager's own journal."] : []),
      ...table([["VM", "what", ""], ...vms.map(({ vm, does, words }) => [vm, does, words])]),
      "",
      ...table([["server", "what", ""], ...servers.map(({ server, does, words }) => [server, does, words])]),
      ...left.map((vm) => `The VM ${vm} is no longer described, and stays until belay-manager down FILE frees it.`),
      ...warnings,
      "",
    ],
    next: !isDone
      ? "belay-manager up FILE does this."
      : changed !== undefined
        ? `belay-manager repair FILE ${changed.vm} --technique rebuild-vm makes ${changed.vm} anew, as it is described.`
        : "nothing: all is as described. belay-manager run FILE takes part in repairs.",
  };
}
