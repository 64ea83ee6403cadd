import {
  beginNow,
  begun,
  failed,
  firstTurn,
  putOff,
  readyMs,
  succeeded,
  type Turn,
  withInterval,
} from "../../decide/index.ts";
import type { HostId, VmId } from "../../model/index.ts";
import { type CaptureEnd, countByHost } from "./capture.ts";
import type { Unit } from "./units.ts";

/** A unit that cannot be captured now is looked at again after this while, unless a change says so before. */
const obstacleMs = 2_000;
const cancelledMs = 2_000;

export interface Track {
  unit: Unit;
  turn: Turn;
}

interface Due {
  /** The hosts of a unit that could be captured now, one for each VM; undefined: it cannot. */
  readonly hostsOf: (unit: Unit) => readonly HostId[] | undefined;
  readonly perHost: number;
  readonly atOnce: number;
}

/** The units that are to be saved, when the turn of each comes, and which captures run. */
export class Tracks {
  readonly #of = new Map<string, Track>();
  /** Captures that run, by unit, or by VM where a person asked for it, with their hosts. */
  readonly #running = new Map<string, readonly HostId[]>();

  units = (): readonly Unit[] => [...this.#of.values()].map(({ unit }) => unit);
  isRunning = (key: string): boolean => this.#running.has(key);

  /** These are wanted now. */
  follow(units: ReadonlyMap<string, Unit>, nowMs: number): void {
    for (const key of this.#of.keys()) if (!units.has(key)) this.#of.delete(key);
    for (const [key, unit] of units) {
      const known = this.#of.get(key);
      if (known === undefined) this.#of.set(key, { unit, turn: firstTurn(key, unit.everyMs, nowMs, undefined) });
      else {
        known.unit = unit;
        known.turn = withInterval(known.turn, key, unit.everyMs, nowMs);
      }
    }
  }

  /** Those that begin now: they count as running. And when the next is ready that nothing but time keeps. */
  begin(
    { hostsOf, perHost, atOnce }: Due,
    nowMs: number,
  ): { readonly begin: readonly Track[]; readonly nextMs: number } {
    const waiting = [...this.#of.values()].flatMap(({ unit, turn }) => {
      const hosts = this.#running.has(unit.key) ? undefined : hostsOf(unit);
      return hosts === undefined ? [] : [{ unit: unit.key, hosts, readyMs: readyMs(turn) }];
    });
    const running = countByHost(this.#running.values());
    const { begin, nextMs } = beginNow({ waiting, running, perHost, atOnce }, nowMs);
    const tracks = begin.flatMap((key) => {
      const track = this.#of.get(key);
      const hosts = waiting.find((it) => it.unit === key)?.hosts;
      if (track === undefined || hosts === undefined) return [];
      track.turn = begun(track.turn, key, nowMs);
      this.#running.set(key, hosts);
      return [track];
    });
    return { begin: tracks, nextMs };
  }

  /** Beside the turns. */
  runs(key: string, hosts: readonly HostId[]): void {
    this.#running.set(key, hosts);
  }

  over(key: string): void {
    this.#running.delete(key);
  }

  /** The next capture of each of these VMs comes at once. */
  dueNow(vms: ReadonlySet<VmId>, nowMs: number): void {
    if (vms.size === 0) return;
    for (const track of this.#of.values())
      if (track.unit.vms.some((vm) => vms.has(vm))) track.turn = { ...track.turn, dueMs: nowMs };
  }
}

/** The turn after a capture of it ended so. */
export function afterwards(turn: Turn, end: Pick<CaptureEnd, "kind">, nowMs: number): Turn {
  switch (end.kind) {
    case "done":
      return succeeded(turn);
    case "failed":
      return failed(turn, nowMs);
    case "cancelled":
      return putOff(turn, nowMs, cancelledMs);
    case "obstacle":
    case "store-full":
      return putOff(turn, nowMs, obstacleMs);
  }
}
