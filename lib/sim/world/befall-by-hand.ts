import type { ByHandAction } from "./actions.ts";
import { isActive, started } from "./domain.ts";
import { hostsReach, isUp, seesDisk } from "./net.ts";
import { carrierOf } from "./run.ts";
import type { World } from "./world.ts";

/** What a person does with virsh on two hosts at once, past Belay. */
export function befallByHand(world: World, action: ByHandAction): string | undefined {
  const now = world.clock.now();
  const guest = world.guests().find((it) => it.name === action.vm);
  const to = world.host(action.to);
  const from = guest && carrierOf(world, guest.uuid);
  const domain = guest && from?.domains.get(guest.uuid);
  if (!guest || !to || !from || !domain || from === to || domain.state !== "running") return undefined;
  if (!isUp(to, now) || to.libvirtd === "down" || !seesDisk(to, guest)) return undefined;
  const { uuid, name } = domain;
  const there = to.domains.get(uuid);
  if (there && isActive(there)) return undefined;
  if (action.do === "person-moves") {
    if (from.libvirtd === "down" || !hostsReach(from, to, now)) return undefined;
    from.domains.delete(uuid);
    world.set(to, { ...domain, persistent: true, runId: to.nextRunId++ });
    world.say(from, { uuid, what: "stopped migrated" });
    world.say(from, { uuid, what: "undefined removed" });
    world.say(to, { uuid, what: "started migrated" });
    return `A person moves ${name} from ${from.name} to ${to.name} while it runs.`;
  }
  if (world.diskLocks) return undefined; // QEMU refuses the second start
  guest.copiedByPersonAt = now;
  world.turn(to, started({ ...domain, persistent: true }, guest, to.nextRunId++, now));
  return `A person starts ${name} on ${to.name} too, though it runs on ${from.name}.`;
}
