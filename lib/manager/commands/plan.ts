import { allocations, isPassing } from "../api/index.ts";
import { startOrder } from "../description/index.ts";
import type { Opened } from "../work/index.ts";
import { type Result, table } from "./io.ts";

/** What `up` would do. Nothing is done. */
export async function planOf(work: Opened): Promise<Result> {
  const { description, records, workshop } = work;
  const known = await allocations(work.api).catch((error: unknown) => {
    if (isPassing(error)) return undefined;
    throw error;
  });
  const vms = description.vms.map((vm) => {
    const record = records.get(vm.name);
    const there = known?.find(({ id }) => id === record.allocationId);
    if (record.allocationId === null)
      return { vm: vm.name, does: "make", words: `${vm.memoryMiB} MiB, image ${vm.image}` };
    if (known !== undefined && (there === undefined || there.state === "freed" || there.state === "failed"))
      return { vm: vm.name, does: "gone", words: "the provider has it no longer: belay-manager repair makes it anew" };
    if (
      there !== undefined &&
      (there.memoryMiB !== vm.memoryMiB || there.vcpus !== vm.vcpus || there.apart !== (vm.apart ?? null))
    )
      return {
        vm: vm.name,
        does: "changed",
        words: "its features differ: belay-manager repair makes it anew with them",
      };
    return { vm: vm.name, does: "keep", words: record.address ?? "" };
  });
  const servers = await Promise.all(
    startOrder(description).map(async (server) => {
      const due = await workshop.due(server);
      const does = due.length === 0 ? "keep" : due.includes("deploy") ? "deploy and start" : "configure";
      return { server: server.name, does, words: `${server.kind} on ${server.vm}` };
    }),
  );
  const left = records.left();
  const nothing = vms.every(({ does }) => does === "keep") && servers.every(({ does }) => does === "keep");
  return {
    data: { provider: known === undefined ? "away" : "answers", vms, servers, left },
    lines: [
      ...(known === undefined ? ["The provider does not answer: this is by the manager's own journal."] : []),
      ...table([["VM", "what", ""], ...vms.map(({ vm, does, words }) => [vm, does, words])]),
      "",
      ...table([["server", "what", ""], ...servers.map(({ server, does, words }) => [server, does, words])]),
      ...left.map((vm) => `The VM ${vm} is no longer described, and stays until belay-manager down frees it.`),
      "",
    ],
    next: nothing
      ? "nothing: all is as described. belay-manager run FILE takes part in repairs."
      : "belay-manager up FILE does this.",
  };
}
