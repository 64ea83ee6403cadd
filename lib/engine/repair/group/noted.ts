import type { RepairId } from "../../../model/index.ts";
import type { Env } from "../../env.ts";
import { readDiskNote } from "../restore/disk-note.ts";
import type { OwnDisk } from "../restore/own-disk.ts";
import { vmWork } from "../work.ts";
import { type Lead, type Member, repairsBeside, type Seat, stepNames } from "./parts.ts";
import { howGroupWent, stoppedBy } from "./standing.ts";

/** What a VM was made of when it was stopped with its group, also by a leader whose host has failed since. */
export async function notedAtStop(env: Env, repair: RepairId): Promise<OwnDisk | undefined> {
  const { vm, incident, definition } = await vmWork(env, repair);
  if (howGroupWent(incident) !== "stopped") return undefined;
  const noted = stoppedBy(incident)?.steps.find((it) => it.name === stepNames.ownDisk);
  return readDiskNote(noted?.detail, { xml: definition, diskPaths: vm.diskPaths });
}

/**
 * Those that an earlier leader stopped, where this one has not come to take their seats: they may be held, of a checkpoint's disks. One whose host
 * failed runs nowhere, and only what it is made of is put right.
 */
export const seatsAtStop = ({ env, repair, steps }: Lead): Promise<readonly Seat[]> =>
  steps.run("stopped before", async () => {
    const { vm } = await vmWork(env, repair);
    const beside = [...(await repairsBeside(env, vm))].map(([id, it]): Member => ({ vm: id, repair: it.id }));
    const seats: Seat[] = [];
    for (const member of [...beside, { vm: vm.id, repair }]) {
      const own = await notedAtStop(env, member.repair);
      if (own === undefined) continue;
      const { hostId } = (await vmWork(env, member.repair)).vm;
      if ((await env.store.host(hostId))?.standing === "in-use")
        seats.push({ ...member, own, on: { host: hostId, claim: null } });
      else await env.store.recordDefinition(member.vm, own.xml, own.diskPaths);
    }
    return seats;
  });
