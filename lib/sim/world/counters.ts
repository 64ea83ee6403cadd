import type { EpochMs } from "../../model/index.ts";
import { hasProcess } from "./domain.ts";
import type { Counters, SimDomain, SimGuest } from "./types.ts";

/** What a guest does in a second, as its hypervisor counts it: a web server that has little to do. */
const perSecond = { cpuTimeMs: 30, blockRequests: 4, netPackets: 20 } as const;
const spinning = { cpuTimeMs: 1000, blockRequests: 0, netPackets: 0 } as const;
const nothing = { cpuTimeMs: 0, blockRequests: 0, netPackets: 0 } as const;

/** Counted when it is asked for: since the last time the guest did what it does now. A new run begins at nothing. */
export function countersAt(domain: SimDomain, guest: SimGuest, now: EpochMs): Counters {
  const runId = domain.runId ?? 0;
  const before = guest.counters?.runId === runId ? guest.counters : undefined;
  const runs = hasProcess(domain) && domain.state === "running";
  const rate = !runs ? nothing : guest.hung ? (guest.spins ? spinning : nothing) : perSecond;
  const seconds = before === undefined ? 1 : (now - before.at) / 1000;
  const counters: Counters = {
    ...{ runId, at: now },
    cpuTimeMs: Math.round((before?.cpuTimeMs ?? 0) + rate.cpuTimeMs * seconds),
    blockRequests: Math.round((before?.blockRequests ?? 0) + rate.blockRequests * seconds),
    netPackets: Math.round((before?.netPackets ?? 0) + (guest.unplugged ? 0 : rate.netPackets * seconds)),
  };
  guest.counters = counters;
  return counters;
}
