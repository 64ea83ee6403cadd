import { z } from "zod";
import { fellAsleep, hasProcess, isActive, panicked, paused, stopped } from "./domain.ts";
import { failDisk, killProcess, resumeDomain, startDomain } from "./run.ts";
import type { SimDomain, SimHost } from "./types.ts";
import type { World } from "./world.ts";

const vm = z.string();
const host = z.string();

/** Everything that can befall the cloud without Belay, as scripts and random schedules write it. */
export const worldAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("kill-qemu"), vm }),
  z.strictObject({ do: z.literal("panic"), vm }),
  z.strictObject({ do: z.literal("guest-powers-off"), vm }),
  z.strictObject({ do: z.literal("guest-sleeps"), vm }),
  z.strictObject({ do: z.literal("watchdog"), vm }),
  z.strictObject({ do: z.literal("hang"), vm }),
  z.strictObject({ do: z.literal("disk-error"), vm, reason: z.enum(["no space", "other"]) }),
  z.strictObject({ do: z.literal("disk-mended"), vm }),
  z.strictObject({ do: z.literal("crash-loop"), vm, afterMs: z.int().min(1) }),
  z.strictObject({ do: z.literal("crash-loop-ends"), vm }),
  z.strictObject({ do: z.literal("person-pauses"), vm }),
  z.strictObject({ do: z.literal("person-resumes"), vm }),
  z.strictObject({ do: z.literal("person-stops"), vm }),
  z.strictObject({ do: z.literal("person-starts"), vm }),
  z.strictObject({ do: z.literal("person-undefines"), vm }),
  z.strictObject({ do: z.literal("host-power-off"), host }),
  z.strictObject({ do: z.literal("host-power-on"), host }),
  z.strictObject({ do: z.literal("cut"), host }),
  z.strictObject({ do: z.literal("mend"), host }),
  z.strictObject({ do: z.literal("libvirtd-dies"), host }),
  z.strictObject({ do: z.literal("libvirtd-starts"), host }),
  z.strictObject({ do: z.literal("host-key-changes"), host }),
  z.strictObject({ do: z.literal("lose-events"), count: z.int().min(1) }),
  z.strictObject({ do: z.literal("duplicate-events"), count: z.int().min(1) }),
  z.strictObject({ do: z.literal("delay-events"), count: z.int().min(1), ms: z.int().min(1) }),
]);
export type WorldAction = z.infer<typeof worldAction>;

/** From power-on until sshd and libvirtd answer. */
const hostBootMs = 3000;

/** Does it, and says in a sentence what happened; undefined where it cannot happen now (a dead guest does not panic). */
export function befall(world: World, action: WorldAction): string | undefined {
  const words =
    "vm" in action
      ? befallVm(world, action)
      : "host" in action
        ? befallHost(world, action)
        : befallEvents(world, action);
  if (words !== undefined) world.tell(words);
  return words;
}

type VmAction = Extract<WorldAction, { vm: string }>;
type MendAction = Extract<VmAction, { do: "disk-mended" | "crash-loop-ends" }>;
type HostAction = Extract<WorldAction, { host: string }>;
type EventAction = Exclude<WorldAction, VmAction | HostAction>;

/** The domain of that name: where it runs, else where it is defined. */
function find(world: World, name: string): { host: SimHost; domain: SimDomain } | undefined {
  const places = world
    .hosts()
    .filter((host) => host.power === "on")
    .flatMap((host) => [...host.domains.values()].filter((it) => it.name === name).map((domain) => ({ host, domain })));
  return places.find(({ domain }) => hasProcess(domain)) ?? places[0];
}

function befallVm(world: World, action: VmAction): string | undefined {
  return action.do === "disk-mended" || action.do === "crash-loop-ends"
    ? mendGuest(world, action)
    : befallDomain(world, action);
}

/** What ails a guest lies on its disk, and is mended there, wherever it is defined or runs. */
function mendGuest(world: World, action: MendAction): string | undefined {
  const guest = world.guests().find((it) => it.name === action.vm);
  if (!guest) return undefined;
  if (action.do === "disk-mended") {
    if (guest.diskError === null) return undefined;
    guest.diskError = null;
    return `The disk of ${guest.name} is well again.`;
  }
  if (guest.diesAfterMs === null) return undefined;
  guest.diesAfterMs = null;
  return `${guest.name} would run again if it were started.`;
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
      return `The guest ${where} hangs.`;
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
      startDomain(world, host, guest, domain);
      return `A person starts ${where}.`;
    case "person-undefines":
      if (isActive(domain) || !libvirtd) return undefined;
      host.domains.delete(domain.uuid);
      world.say(host, { uuid: domain.uuid, what: "undefined removed" });
      return `A person undefines ${where}.`;
  }
}

function befallHost(world: World, action: HostAction): string | undefined {
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

function befallEvents(world: World, action: EventAction): string {
  switch (action.do) {
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
