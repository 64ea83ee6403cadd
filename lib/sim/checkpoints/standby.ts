import { HypervisorRefused, type RestoreRequest } from "../../engine/ports.ts";
import type { Session } from "../hypervisor/session.ts";
import { isActive } from "../world/domain.ts";
import type { World } from "../world/world.ts";
import { readState } from "./restore.ts";
import { placeKey } from "./saved.ts";

const askMs = 5;
const refreshMs = 250;

/** Brings a replica to a checkpoint: its disk and memory lie ready on the host, and nothing runs. */
export async function refresh(world: World, session: Session, { vm, checkpoint }: RestoreRequest): Promise<void> {
  const { host } = session;
  const key = placeKey(host.name, vm.uuid);
  const ready = await session.call(askMs, () => {
    const there = host.domains.get(vm.uuid);
    if (there && isActive(there)) throw new HypervisorRefused(`${there.name} runs there.`);
    return world.saved.standbys.get(key) === checkpoint;
  });
  if (ready) return;
  readState(world, checkpoint);
  await session.call(refreshMs, () => {
    world.saved.standbys.set(key, checkpoint);
  });
}

export async function isReady(world: World, session: Session, uuid: string, checkpoint: string): Promise<boolean> {
  return session.call(askMs, () => world.saved.standbys.get(placeKey(session.host.name, uuid)) === checkpoint);
}

export async function dropReplica(world: World, session: Session, uuid: string): Promise<void> {
  await session.call(askMs, () => {
    if (!world.saved.standbys.delete(placeKey(session.host.name, uuid))) return;
    // Else it was staged for a restore that is given up: that is no loss of a replica.
    const runs = world.hosts().some(({ domains }) => {
      const domain = domains.get(uuid);
      return domain !== undefined && isActive(domain);
    });
    if (runs) world.tell(`The replica of ${world.guest(uuid)?.name ?? uuid} on ${session.host.name} is dropped.`);
  });
}
