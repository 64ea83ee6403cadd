import type { MendAction, VmAction } from "./actions.ts";
import { fellAsleep, hasProcess, isActive, panicked, paused, stopped } from "./domain.ts";
import { failDisk, killProcess, lockedElsewhere, resumeDomain, startDomain } from "./run.ts";
import type { SimDomain, SimGuest, SimHost } from "./types.ts";
import type { World } from "./world.ts";

/** The domain of that name: where it runs, else where it is defined. */
function find(world: World, name: string): { host: SimHost; domain: SimDomain } | undefined {
  let first: { host: SimHost; domain: SimDomain } | undefined;
  for (const host of world.hosts()) {
    if (host.power !== "on") continue;
    for (const domain of host.domains.values()) {
      if (domain.name !== name) continue;
      if (hasProcess(domain)) return { host, domain };
      first ??= { host, domain };
    }
  }
  return first;
}

export function befallVm(world: World, action: VmAction): string | undefined {
  return action.do === "disk-mended" || action.do === "crash-loop-ends" || action.do === "plug-guest"
    ? mendGuest(world, action)
    : befallDomain(world, action);
}

/**
 * What ails a guest lies on its disk, and is mended there, wherever it is defined or runs. A VM that was given back may have left its name to
 * another: what ails either is mended.
 */
function mendGuest(world: World, action: MendAction): string | undefined {
  let words: string | undefined;
  for (const guest of world.guests()) if (guest.name === action.vm) words = mend(guest, action.do) ?? words;
  return words;
}

function mend(guest: SimGuest, what: MendAction["do"]): string | undefined {
  switch (what) {
    case "disk-mended":
      if (guest.diskError === null) return undefined;
      guest.diskError = null;
      return `The disk of ${guest.name} is well again.`;
    case "plug-guest":
      if (!guest.unplugged) return undefined;
      guest.unplugged = false;
      return `The network of ${guest.name} is plugged in again.`;
    case "crash-loop-ends":
      if (guest.diesAfterMs === null) return undefined;
      guest.diesAfterMs = null;
      return `${guest.name} would run again if it were started.`;
  }
}

function befallDomain(world: World, action: Exclude<VmAction, MendAction>): string | undefined {
  const place = find(world, action.vm);
  const guest = place && world.guest(place.domain.uuid);
  if (!place || !guest) return undefined;
  const { host, domain } = place;
  const [process, running] = [hasProcess(domain), hasProcess(domain) && domain.state === "running"];
  const libvirtd = host.libvirtd === "up";
  const where = `${domain.name} on ${host.name}`;
  switch (action.do) {
    case "kill-qemu":
      if (!process) return undefined;
      killProcess(world, host, domain);
      return `The QEMU process of ${where} is killed.`;
    case "panic":
      if (!running) return undefined;
      if (guest.onCrash === "destroy") world.say(host, { uuid: domain.uuid, what: "crashed panicked" });
      world.turn(host, panicked(domain, guest));
      return `The kernel of ${where} panics.`;
    case "guest-powers-off":
      if (!running) return undefined;
      world.turn(host, stopped(domain, "shutdown"));
      return `The guest ${where} switches itself off.`;
    case "guest-sleeps":
      if (!running) return undefined;
      world.turn(host, fellAsleep(domain));
      return `The guest ${where} puts itself to sleep.`;
    case "watchdog":
      if (!running) return undefined;
      world.turn(host, paused(domain, "watchdog"));
      return `The watchdog of ${where} fires.`;
    case "hang":
      if (!running || guest.hung) return undefined;
      guest.hung = true;
      guest.spins = action.kind === "spinning";
      return guest.spins ? `The guest ${where} hangs and burns its CPU.` : `The guest ${where} hangs.`;
    case "unplug-guest":
      if (guest.unplugged) return undefined;
      guest.unplugged = true;
      return `The network of ${domain.name} is unplugged; it is well inside.`;
    case "disk-error":
      if (guest.diskError !== null) return undefined;
      guest.diskError = action.reason;
      failDisk(world, host, guest, domain.runId);
      return `The disk of ${where} fails: ${action.reason}.`;
    case "crash-loop":
      if (guest.diesAfterMs !== null || !process) return undefined;
      guest.diesAfterMs = action.afterMs;
      killProcess(world, host, domain);
      return `${where} dies, and will die again soon after each start.`;
    case "person-pauses":
      if (!running || !libvirtd) return undefined;
      world.turn(host, paused(domain, "user"));
      return `A person pauses ${where}.`;
    case "person-resumes":
      if (!process || domain.state !== "paused" || !libvirtd) return undefined;
      resumeDomain(world, host, guest, domain);
      return `A person resumes ${where}.`;
    case "person-stops":
      if (!process || !libvirtd) return undefined;
      guest.stoppedByPersonAt = world.clock.now();
      world.turn(host, stopped(domain, "destroyed"));
      return `A person stops ${where}.`;
    case "person-starts":
      if (isActive(domain) || !libvirtd) return undefined;
      if (lockedElsewhere(world, host, guest)) return undefined;
      guest.startedByPersonAt = world.clock.now();
      startDomain(world, host, guest, domain);
      return `A person starts ${where}.`;
    case "person-detaches-disk":
      if (world.saved.detached.has(domain.uuid) || !libvirtd) return undefined;
      world.saved.detached.set(domain.uuid, world.clock.now());
      world.say(host, { uuid: domain.uuid, what: "defined updated" });
      return `A person detaches the second disk of ${where}.`;
    case "person-undefines":
      if (isActive(domain) || !libvirtd) return undefined;
      host.domains.delete(domain.uuid);
      world.say(host, { uuid: domain.uuid, what: "undefined removed" });
      return `A person undefines ${where}.`;
  }
}
