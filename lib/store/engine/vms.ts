import { isDeepStrictEqual } from "node:util";
import type { EngineStore } from "../../engine/ports.ts";
import { BelayError, freshVm, protectionModeNames } from "../../model/index.ts";
import { findVm } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { present } from "../rows/host.ts";
import { instant, oneOf } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";

type VmPart = Pick<
  EngineStore,
  "modeOf" | "adoptVm" | "recordVm" | "recordWanted" | "recordDefinition" | "definitionKnown"
>;

const stateWords = (vm: { readonly state: string; readonly reason: string }) =>
  vm.reason === "none" || vm.reason === "unknown" ? vm.state : `${vm.state} (${vm.reason})`;

/** What the engine learns of VMs. */
export const engineVms = ({ database, write, ids }: Parts): VmPart => ({
  async modeOf(id) {
    const row = await database.vm.findUnique({ where: { id }, select: { application: { select: { mode: true } } } });
    if (row === null) throw new BelayError("not-found", `There is no VM ${id}.`);
    return row.application === null ? "provider" : oneOf(protectionModeNames, row.application.mode, "application.mode");
  },

  /** A VM that is known already, here or on another host, is given back as it is known: `recordVm` says what was seen of it. */
  async adoptVm(hostId, sight, definition, wanted, at) {
    const known = await database.vm.findFirst({ where: { uuid: sight.uuid, ...present } });
    if (known !== null) return toVm(known); // no lock of all writes for what is known
    return write(async ({ db, emit }) => {
      const faster = await db.vm.findFirst({ where: { uuid: sight.uuid, ...present } });
      if (faster !== null) return toVm(faster);
      const host = await db.host.findFirst({ where: { id: hostId, ...present } });
      if (host === null) throw new BelayError("not-found", `There is no host ${hostId} to take VM ${sight.name} on.`);
      const { uuid, name, state, reason, runId, persistent, memoryMiB, vcpus } = sight;
      const row = await db.vm.create({
        data: {
          id: ids.next("vm"),
          ...freshVm,
          ...{ hostId, uuid, name, state, reason, runId, persistent, memoryMiB, vcpus, wanted },
          definition: definition?.xml ?? null,
          diskPaths: [...(definition?.diskPaths ?? [])],
          stateSince: instant(at),
          adoptedAt: instant(at),
          answerCheck: toJson({ kind: "agent" }),
          // What enrolling a host asks for: same host, same features, same disk. Anything further its owner has to say.
          consent: "restart-vm",
        },
      });
      const vm = toVm(row);
      emit(at, `VM ${name} on host ${host.name} was found ${stateWords(vm)} and is watched from now on.`, {
        kind: "vm.changed",
        vm,
      });
      return vm;
    });
  },

  async recordVm(id, sight, at) {
    const { state, reason, runId, persistent, memoryMiB, vcpus } = sight;
    const seen = { state, reason, runId, persistent, memoryMiB, vcpus };
    const isNews = (row: object) => Object.entries(seen).some(([column, value]) => Reflect.get(row, column) !== value);
    const known = await findVm(database, id);
    if (!isNews(known)) return toVm(known); // no lock of all writes for what is known
    return write(async ({ db, emit }) => {
      const before = await findVm(db, id);
      if (!isNews(before)) return toVm(before);
      const sameRun = before.state === state && before.runId === runId;
      const data = { ...seen, stateSince: sameRun ? before.stateSince : instant(at) };
      const vm = toVm(await db.vm.update({ where: { id }, data }));
      const words =
        before.state === state && before.reason === reason
          ? runId === before.runId
            ? `${stateWords(vm)}, ${vm.vcpus} CPUs, ${vm.memoryMiB} MiB`
            : `${stateWords(vm)} in a new run`
          : `${stateWords(before)} → ${stateWords(vm)}`;
      emit(at, `VM ${vm.name} on host ${before.host.name}: ${words}.`, { kind: "vm.changed", vm });
      return vm;
    });
  },

  recordWanted: (id, wanted, words, at) =>
    write(async ({ db, emit }) => {
      const before = await findVm(db, id);
      if (before.wanted === wanted) return toVm(before);
      const vm = toVm(await db.vm.update({ where: { id }, data: { wanted } }));
      emit(at, `VM ${vm.name} on host ${before.host.name}: ${words}`, { kind: "vm.changed", vm });
      return vm;
    }),

  /** The text is of no interest to anybody else, so it is neither an event nor in line with the other writes. Other disks are. */
  async recordDefinition(id, definition, diskPaths) {
    const known = await database.vm.findFirst({ where: { id, ...present }, select: { diskPaths: true } });
    if (known === null) return;
    await database.vm.updateMany({
      where: { id, ...present, OR: [{ definition: null }, { definition: { not: definition } }] },
      data: { definition },
    });
    if (isDeepStrictEqual(known.diskPaths, diskPaths)) return;
    await write(async ({ db, emit }) => {
      const before = await db.vm.findFirst({ where: { id, ...present }, include: { host: true } });
      if (before === null || isDeepStrictEqual(before.diskPaths, diskPaths)) return;
      const vm = toVm(await db.vm.update({ where: { id }, data: { diskPaths: [...diskPaths] } }));
      const words = diskPaths.length === 0 ? "it has no disks" : `its disks are ${diskPaths.join(", ")}`;
      // Not a moment of the VM: the newest that is known of it stands for it.
      emit(vm.stateSince, `VM ${vm.name} on host ${before.host.name}: ${words}.`, { kind: "vm.changed", vm });
    });
  },

  async definitionKnown(id) {
    return (await database.vm.count({ where: { id, definition: { not: null } } })) === 1;
  },
});
