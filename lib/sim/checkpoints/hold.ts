import { holdDomain, resumeDomain } from "../world/run.ts";
import type { SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";

/** Lets a guest stand still for a capture. */
export function hold(world: World, host: SimHost, uuid: string): void {
  const domain = host.domains.get(uuid);
  if (domain?.state !== "running") return;
  world.saved.held.set(uuid, { host: host.name, runId: domain.runId, since: world.clock.now() });
  holdDomain(world, host, domain);
}

/** Lets it go on. Whether it was held by us, and still was. */
export function letGo(world: World, host: SimHost, uuid: string): boolean {
  const held = world.saved.held.get(uuid);
  if (held?.host !== host.name) return false;
  world.saved.held.delete(uuid);
  const domain = host.domains.get(uuid);
  const guest = world.guest(uuid);
  if (!domain || !guest || host.power === "off" || domain.runId !== held.runId || domain.processGone) return false;
  if (domain.state !== "paused" || domain.reason !== "unknown") return false;
  resumeDomain(world, host, guest, domain);
  return true;
}

/** The dead-man on the host: whoever held the guest has gone without a word, and it goes on by itself within the second. */
const deadMan = { min: 200, max: 900 } as const;

export function leaveToDeadMan(world: World, host: SimHost, uuid: string): void {
  const held = world.saved.held.get(uuid);
  if (!held) return;
  const random = world.randomOf(`dead-man of ${uuid} at ${held.since}`);
  const goesAtMs = held.since + random.between(deadMan.min, deadMan.max);
  world.later(Math.max(0, goesAtMs - world.clock.now()), () => {
    if (world.saved.held.get(uuid) !== held || !letGo(world, host, uuid)) return;
    world.tell(`The dead-man on ${host.name} lets ${world.guest(uuid)?.name} go on.`);
  });
}
