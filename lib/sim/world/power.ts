import { hostForgets } from "../checkpoints/saved.ts";
import { isActive, stopped } from "./domain.ts";
import { carrierElsewhere, startDomain } from "./run.ts";
import type { SimDomain, SimHost } from "./types.ts";
import type { World } from "./world.ts";

/** From power-on until sshd and libvirtd answer. */
const hostBootMs = 3000;

/** The machine stops at once. Nothing is said: what is dead is silent. */
export function stopHost(world: World, host: SimHost): void {
  host.power = "off";
  stopAll(world, host);
}

export function bootHost(world: World, host: SimHost): void {
  host.power = "on";
  host.libvirtd = "up";
  host.libvirtdStarts++;
  host.nextRunId = 1; // libvirt counts anew after a boot
  host.readyAt = world.clock.now() + hostBootMs;
  const { helper, readyAt } = host;
  if (helper) {
    helper.running = true;
    helper.starts++;
  }
  world.later(hostBootMs, () => {
    if (host.power === "off" || host.readyAt !== readyAt) return;
    autostart(world, host);
    world.hostChanged(host);
    if (host.libvirtdBroken) breakLibvirtd(world, host);
  });
}

/** Its watchdog was not fed: the machine begins anew, with its power on. */
export function resetHost(world: World, host: SimHost): void {
  stopAll(world, host);
  bootHost(world, host);
  world.hostChanged(host);
}

function stopAll(world: World, host: SimHost): void {
  // What libvirt will hold after the boot is what is on its disk.
  for (const domain of [...host.domains.values()]) forgetWhy(world, host, domain);
  // Of a transient one that a person stopped nobody can say any more why it is gone.
  for (const guest of world.guests())
    if (guest.stoppedByPersonAt !== null && !world.hosts().some((it) => it.domains.has(guest.uuid)))
      guest.stoppedByPersonAt = null;
  hostForgets(world.saved, host.name);
  if (!host.helper) return;
  host.helper.running = false;
  host.helper.starts++;
  host.helper.lease = null;
}

/** libvirt keeps only the definition of what does not run. */
function forgetWhy(world: World, host: SimHost, domain: SimDomain): void {
  world.set(host, stopped(domain, "unknown").domain);
  const guest = world.guest(domain.uuid);
  if (guest && !carrierElsewhere(world, host, domain.uuid)) guest.stoppedByPersonAt = null;
}

function autostart(world: World, host: SimHost): void {
  for (const domain of [...host.domains.values()]) {
    const guest = world.guest(domain.uuid);
    if (!domain.autostart || isActive(domain) || !guest) continue;
    if (world.diskLocks && carrierElsewhere(world, host, domain.uuid)) {
      world.tell(`libvirt on ${host.name} cannot start ${domain.name} after the boot: its disk is locked.`);
      continue;
    }
    startDomain(world, host, guest, domain);
    world.tell(`libvirt on ${host.name} starts ${domain.name} after the boot, as it is told to.`);
  }
}

/** libvirtd finds the processes that still run, and takes those that do not for crashed. Of the others it knows nothing. */
export function startLibvirtd(world: World, host: SimHost): void {
  host.libvirtd = "up";
  host.libvirtdStarts++;
  for (const domain of host.domains.values())
    if (domain.processGone) world.set(host, stopped(domain, "crashed").domain);
    else if (!isActive(domain)) forgetWhy(world, host, domain);
  host.nextRunId = 1 + Math.max(0, ...[...host.domains.values()].map((it) => it.runId ?? 0));
  if (host.libvirtdBroken) breakLibvirtd(world, host);
}

const livesMs = 400;

function breakLibvirtd(world: World, host: SimHost): void {
  const { libvirtdStarts } = host;
  world.later(livesMs, () => {
    if (!host.libvirtdBroken || host.libvirtdStarts !== libvirtdStarts || host.libvirtd === "down") return;
    host.libvirtd = "down";
    world.tell(`libvirtd on ${host.name} dies again.`);
    world.hostChanged(host);
  });
}
