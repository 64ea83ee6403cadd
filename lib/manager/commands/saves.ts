import type { CheckpointList } from "../../contract/index.ts";
import { checkpoints } from "../api/index.ts";
import { type ManagerIo, type Result, table } from "./io.ts";
import { type CalledVm, type Caller, instantWords, spanWords, vmCalled } from "./on-call.ts";

/** The saved states of one VM, or of all that there are, newest first, and what keeps them from being of use. */
export async function savesOf(work: Caller, io: ManagerIo, name: string | undefined, now: number): Promise<Result> {
  const { description, records, api } = work;
  const names =
    name === undefined ? description.vms.map((vm) => vm.name).filter((vm) => records.get(vm).vmId !== null) : [name];
  const found = await Promise.all(
    names.map(async (one) => {
      const vm = await vmCalled(work, one);
      return { vm, list: await checkpoints(api, vm.id, io.signal) };
    }),
  );
  const rows = found.flatMap(({ vm, list }) => rowsOf(vm, list, now));
  const whole = found.find(({ list }) => list.checkpoints.some(({ state }) => state === "valid"));
  const example = name ?? description.vms[0]?.name;
  return {
    data: { vms: found.map(({ vm, list }) => ({ vm: vm.name, vmId: vm.id, ...list })) },
    lines: [
      ...(rows.length === 0 ? ["Nothing is saved."] : table([["VM", "saved", "holds", "state", "id"], ...rows])),
      ...found.flatMap(({ vm, list }) => hindrances(list).map((words) => `${vm.name}: ${words}`)),
      "",
    ],
    next:
      whole === undefined
        ? `belay-manager take FILE ${example} saves one now.`
        : `belay-manager go-back FILE ${whole.vm.name} newest takes ${whole.vm.name} back; belay-manager take FILE ${whole.vm.name} saves one more.`,
  };
}

function rowsOf({ name }: CalledVm, { checkpoints: all }: CheckpointList, now: number): readonly (readonly string[])[] {
  return all.map(({ id, at, method, state, kept }) => [
    name,
    `${spanWords(now - at)} ago, ${instantWords(at)}`,
    method === "disk-only" ? "disks alone" : "memory and disks",
    state === "damaged" ? "damaged" : kept ? "kept" : "",
    id,
  ]);
}

const hindrances = ({ status, caveats }: CheckpointList): readonly string[] => [
  ...(status?.trouble ? [status.trouble] : []),
  ...caveats,
];
