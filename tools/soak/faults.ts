import { cut, isolate, mend, powerOff, powerOn, rejoin, runOnHost } from "../../lab/index.ts";
import type { FaultLab } from "../stack/fault-lab.ts";

/** What was broken in the lab and is not yet mended. */
export interface Damage {
  /** Hosts whose cable is out, by us: Belay may fence these. */
  readonly cut: Set<string>;
  readonly isolated: Set<string>;
  /** Hosts that lost their power by us. */
  readonly off: Set<string>;
}

export const noDamage = (): Damage => ({ cut: new Set(), isolated: new Set(), off: new Set() });

export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** The sentence for it; undefined where it cannot be done now. */
  inject(fault: FaultLab, damage: Damage, pick: <T>(from: readonly T[]) => T | undefined): Promise<string | undefined>;
}

/** At most one host at a time is out of reach: of three, two that are lost make Belay itself the one that is cut off. */
const whole = (damage: Damage) => damage.cut.size + damage.isolated.size + damage.off.size === 0;

const hostNames = (fault: FaultLab) => fault.lab.hosts.map((host) => host.name);

const onEachHost = async (fault: FaultLab, damage: Damage, script: string, ...args: string[]) => {
  for (const host of hostNames(fault))
    if (!damage.off.has(host))
      await runOnHost(fault.name, host, ["sh", "-c", script, "sh", ...args]).catch(() => undefined);
};

export const faults: readonly Fault[] = [
  {
    name: "kill-qemu",
    weight: 6,
    async inject(fault, damage, pick) {
      const guest = pick(fault.subjects)?.guest;
      if (guest === undefined) return undefined;
      await onEachHost(fault, damage, 'kill -9 "$(cat "/run/libvirt/qemu/$1.pid")" 2>/dev/null', guest.name);
      return `The QEMU process of ${guest.name} is killed.`;
    },
  },
  {
    name: "kill-libvirtd",
    weight: 3,
    async inject(fault, damage, pick) {
      const host = pick(hostNames(fault).filter((it) => !damage.off.has(it)));
      if (host === undefined) return undefined;
      await runOnHost(fault.name, host, ["sh", "-c", "kill -9 $(pidof libvirtd)"]).catch(() => undefined);
      return `libvirtd on ${host} is killed.`;
    },
  },
  {
    name: "power-off",
    weight: 3,
    async inject(fault, damage, pick) {
      const host = whole(damage) ? pick(hostNames(fault)) : undefined;
      if (host === undefined) return undefined;
      damage.off.add(host); // first: it is off before the command returns
      await powerOff(fault.name, host);
      return `${host} loses its power.`;
    },
  },
  {
    name: "cut",
    weight: 2,
    async inject(fault, damage, pick) {
      const host = whole(damage) ? pick(hostNames(fault)) : undefined;
      if (host === undefined) return undefined;
      damage.cut.add(host);
      await cut(fault.name, host);
      return `The cable of ${host} is pulled.`;
    },
  },
  {
    name: "isolate",
    weight: 3,
    async inject(fault, damage, pick) {
      const host = whole(damage) ? pick(hostNames(fault)) : undefined;
      if (host === undefined) return undefined;
      damage.isolated.add(host);
      await isolate(fault.name, host);
      return `Belay is cut off from ${host}; the other hosts are not.`;
    },
  },
  {
    name: "kill-server",
    weight: 3,
    async inject(fault) {
      await fault.crashServer();
      return "The server is killed, and a new one is started.";
    },
  },
];

/** Puts back what was broken: cables, routes, power. Hosts that Belay fenced meanwhile get their power back as well. */
export async function mendAll(fault: FaultLab, damage: Damage): Promise<string[]> {
  const done: string[] = [];
  for (const host of damage.cut) {
    await mend(fault.name, host);
    done.push(`The cable of ${host} is put back.`);
  }
  for (const host of damage.isolated) {
    await rejoin(fault.name, host);
    done.push(`Belay reaches ${host} again.`);
  }
  for (const host of hostNames(fault)) await powerOn(fault.name, host);
  damage.cut.clear(); // only now: a host that was fenced for its cable is on again
  damage.isolated.clear();
  if (damage.off.size > 0) done.push(`${[...damage.off].join(", ")}: power is back.`);
  damage.off.clear();
  return done;
}
