import type { CloudAction } from "./actions.ts";
import { isActive } from "./domain.ts";
import { failDisk } from "./run.ts";
import type { World } from "./world.ts";

/** What befalls more than one host: the paths between them, their storage, events on their way, the time of day. */
export function befallCloud(world: World, action: CloudAction): string | undefined {
  switch (action.do) {
    case "part":
    case "join":
      return changePath(world, action.from, action.to, action.do);
    case "storage-hiccup":
      return hiccup(world, action.path, action.ms);
    case "migrations-fail":
      world.migrations.failing += action.count;
      return `The next ${action.count === 1 ? "live migration" : `${action.count} live migrations`} will fail in the middle.`;
    case "clock-jumps":
      if (action.ms === 0) return undefined;
      world.wall.jump(action.ms);
      return `The clock of Belay's machine is set ${Math.abs(action.ms)} ms ${action.ms > 0 ? "forward" : "back"}.`;
    case "hook-will": {
      const { exitCode, output, ms, starts, program } = action;
      world.hooks.plans.set(program, { exitCode, output, ms, starts });
      return `From now on the provider's program ${program} ends with ${exitCode} after ${ms} ms${starts ? ` and starts ${starts}` : ""}.`;
    }
    case "store-fills":
      if (world.saved.full) return undefined;
      world.saved.full = true;
      return "The store of checkpoints is full.";
    case "store-empties":
      if (!world.saved.full) return undefined;
      world.saved.full = false;
      return "The store of checkpoints has room again.";
    case "captures-spared":
      world.saved.plans.length = 0;
      world.saved.spared++;
      return "Nothing befalls captures any more.";
    case "captures-slow":
      if (world.saved.slowMs === action.ms) return undefined;
      world.saved.slowMs = action.ms;
      return action.ms === 0 ? "Saving is as quick as ever." : `Saving takes ${action.ms / 1000} s longer from now on.`;
    case "lose-events":
      world.events.lose += action.count;
      return `The next ${action.count === 1 ? "event" : `${action.count} events`} will be lost.`;
    case "duplicate-events":
      world.events.duplicate += action.count;
      return `The next ${action.count === 1 ? "event" : `${action.count} events`} will come twice.`;
    case "delay-events":
      world.events.delay = { count: action.count, ms: action.ms };
      return `The next ${action.count === 1 ? "event" : `${action.count} events`} will come ${action.ms} ms late.`;
  }
}

function changePath(world: World, from: string, to: string, change: "part" | "join"): string | undefined {
  const [a, b] = [world.host(from), world.host(to)];
  if (!a || !b || a === b || a.partedFrom.has(b.name) === (change === "part")) return undefined;
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const)
    if (change === "part") one.partedFrom.add(other.name);
    else one.partedFrom.delete(other.name);
  world.hostChanged(a);
  world.hostChanged(b);
  return change === "part"
    ? `The network between ${a.name} and ${b.name} is cut.`
    : `The network between ${a.name} and ${b.name} is mended.`;
}

/** The storage refuses for a while: whoever writes is held by its hypervisor, and may go on as soon as somebody resumes it. */
function hiccup(world: World, path: string, ms: number): string | undefined {
  const hit = world.guests().filter((guest) => guest.diskError === null && guest.diskPath.startsWith(`${path}/`));
  if (hit.length === 0) return undefined;
  for (const guest of hit) {
    guest.diskError = "other";
    for (const host of world.hosts()) {
      const domain = host.domains.get(guest.uuid);
      if (domain && isActive(domain)) failDisk(world, host, guest, domain.runId);
    }
  }
  world.later(ms, () => {
    for (const guest of hit) guest.diskError = null;
    world.tell(`The storage at ${path} answers again.`);
  });
  return `The storage at ${path} does not answer: ${hit.length === 1 ? "one disk fails" : `${hit.length} disks fail`}.`;
}
