import type { HostAction } from "./actions.ts";
import { isActive, stopped } from "./domain.ts";
import type { SimDomain, SimHost } from "./types.ts";
import type { World } from "./world.ts";

/** From power-on until sshd and libvirtd answer. */
const hostBootMs = 3000;

export function befallHost(world: World, action: HostAction): string | undefined {
  const host = world.host(action.host);
  if (!host) return undefined;
  const words = changeHost(world, host, action.do);
  if (words !== undefined) world.hostChanged(host);
  return words;
}

function changeHost(world: World, host: SimHost, change: HostAction["do"]): string | undefined {
  const on = host.power === "on";
  switch (change) {
    case "host-power-off":
      if (!on) return undefined;
      host.power = "off";
      // Nothing is said: a dead machine is silent. What libvirt will hold after the boot is what is on its disk.
      for (const domain of host.domains.values()) forgetWhy(world, host, domain);
      return `${host.name} loses its power.`;
    case "host-power-on":
      if (on) return undefined;
      host.power = "on";
      host.libvirtd = "up";
      host.libvirtdStarts++;
      host.nextRunId = 1; // libvirt counts anew after a boot
      host.readyAt = world.clock.now() + hostBootMs;
      world.later(hostBootMs, () => world.hostChanged(host));
      return `${host.name} gets its power back and boots.`;
    case "cut":
      if (host.link === "cut") return undefined;
      host.link = "cut";
      return `The network between Belay and ${host.name} is cut.`;
    case "mend":
      if (host.link === "up") return undefined;
      host.link = "up";
      return `The network between Belay and ${host.name} is mended.`;
    case "libvirtd-dies":
      if (!on || host.libvirtd === "down") return undefined;
      host.libvirtd = "down";
      return `libvirtd on ${host.name} dies; its guests run on.`;
    case "libvirtd-starts":
      if (!on || host.libvirtd === "up") return undefined;
      startLibvirtd(world, host);
      return `libvirtd on ${host.name} starts again.`;
    case "host-key-changes":
      host.hostKeySha256 = `SHA256:${"changed".padEnd(43, "0")}`;
      return `${host.name} shows another host key from now on.`;
  }
}

/** libvirt keeps only the definition of what does not run. */
function forgetWhy(world: World, host: SimHost, domain: SimDomain): void {
  world.set(host, stopped(domain, "unknown").domain);
  const guest = world.guest(domain.uuid);
  if (guest) guest.stoppedByPersonAt = null;
}

/** libvirtd finds the processes that still run, and takes those that do not for crashed. Of the others it knows nothing. */
function startLibvirtd(world: World, host: SimHost): void {
  host.libvirtd = "up";
  host.libvirtdStarts++;
  for (const domain of host.domains.values())
    if (domain.processGone) world.set(host, stopped(domain, "crashed").domain);
    else if (!isActive(domain)) forgetWhy(world, host, domain);
  host.nextRunId = 1 + Math.max(0, ...[...host.domains.values()].map((it) => it.runId ?? 0));
}
