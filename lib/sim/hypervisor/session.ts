import { type HostSignal, HostUnreachable } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";
import { sleepsOn } from "../clock/after.ts";
import { Bag } from "../clock/bag.ts";
import type { SimHost } from "../world/types.ts";
import { answersNetwork, type World } from "../world/world.ts";

/** How long a connection stands silence before it is given up, as libvirt's keepalive does. */
export const keepaliveMs = 3000;
/** An idle connection is asked for a sign of life this often. */
const heardEveryMs = 500;
/** From libvirt's saying something until it is heard. */
const wireMs = { min: 2, max: 8 } as const;
const maxWaiting = 1000;

/** One open connection to a host's libvirtd. Ends once, and then every call that waits on it ends with `HostUnreachable`. */
export interface Session {
  readonly host: SimHost;
  /** Aborted with a `HostUnreachable` when the connection ends. */
  readonly ended: AbortSignal;
  /**
   * Has libvirtd work for `durationMs` and then do `effect`. Once the request has arrived it is done whether or not anybody still
   * waits for the answer; only the end of libvirtd or of the host keeps it from being done.
   */
  call<T>(durationMs: number, effect: () => T): Promise<T>;
  /** The next thing that libvirt says; undefined when the connection has ended and all is told. */
  nextSignal(): Promise<HostSignal | undefined>;
  end(words: string): void;
  /** When anything last came over it, by the clock of Belay's machine: its keepalive is heard when nothing else is said. */
  heardAt(): EpochMs;
}

export function openSession(world: World, host: SimHost): Session {
  const { clock } = world;
  const end = new AbortController();
  const sleeps = sleepsOn(world.after);
  const calls = new Bag<(reason: unknown) => void>();
  const random = world.randomOf(`connection to ${host.name} at ${clock.now()}`);
  const libvirtd = host.libvirtdStarts;
  const waiting: HostSignal[] = [];
  const wakers = new Set<() => void>();
  let lost = 0;
  let lastDueAt = 0;
  let silentSince: number | undefined;
  /** Since when packets have passed, in the world's time, and when the last came before they stopped. */
  let quietFrom = clock.now();
  let lastHeard = quietFrom;
  /** Counted when it is asked for: a keepalive needs no timer of its own here. */
  const heard = (): EpochMs =>
    silentSince === undefined
      ? quietFrom + Math.floor((clock.now() - quietFrom) / heardEveryMs) * heardEveryMs
      : lastHeard;

  const wake = () => {
    for (const waker of [...wakers]) waker();
    wakers.clear();
  };
  const finish = (words: string) => {
    if (end.signal.aborted) return;
    stopEvents();
    stopChanges();
    lastHeard = heard();
    silentSince ??= clock.now();
    const reason = new HostUnreachable(words);
    end.abort(reason);
    sleeps.end(reason);
    for (const giveUp of calls.empty()) giveUp(reason);
    wake();
  };

  /** Looks at the host after every change of it, as TCP and the keepalive would in time. */
  const look = () => {
    wake();
    if (!answersNetwork(host, clock.now())) {
      const since = clock.now();
      if (silentSince !== undefined) return;
      lastHeard = heard();
      silentSince = since;
      world.later(keepaliveMs, () => {
        if (silentSince === since) finish(`No answer for ${keepaliveMs / 1000} s.`);
      });
      return;
    }
    silentSince = undefined;
    quietFrom = clock.now();
    if (host.libvirtd === "down" || host.libvirtdStarts !== libvirtd) finish("The connection was closed by the host.");
  };

  /** Until packets pass. Rejects when the connection ends first. */
  async function passing(): Promise<void> {
    while (!answersNetwork(host, clock.now())) {
      end.signal.throwIfAborted();
      await new Promise<void>((resolve) => wakers.add(resolve));
    }
    end.signal.throwIfAborted();
  }

  const wire = () => random.between(wireMs.min, wireMs.max);

  /** What libvirtd does in `durationMs`; given up by the caller, not by libvirtd, when the connection ends. */
  const onHost = <T>(durationMs: number, effect: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const place = calls.add(reject);
      world.later(durationMs, () => {
        if (host.power === "off" || host.libvirtd === "down" || host.libvirtdStarts !== libvirtd) return;
        calls.remove(place);
        try {
          resolve(effect());
        } catch (error) {
          reject(error);
        }
      });
    });
  const onWire = (ms: number): Promise<void> => {
    end.signal.throwIfAborted();
    return sleeps.sleep(ms);
  };
  async function deliver(make: () => HostSignal, delayMs: number): Promise<void> {
    lastDueAt = Math.max(lastDueAt, clock.now() + wire() + delayMs); // a stream keeps its order
    try {
      await onWire(lastDueAt - clock.now());
      await passing();
    } catch {
      return; // what was on its way is lost with the connection
    }
    if (waiting.length < maxWaiting) waiting.push(make());
    else lost++;
    wake();
  }

  const stopChanges = world.onHostChange(host, look);
  const stopEvents = world.onEvent(host, ({ uuid, what }) => {
    const plan = world.events;
    if (plan.lose > 0) {
      plan.lose--;
      world.tell(`An event is lost: ${what}.`);
      return;
    }
    const delayMs = plan.delay.count > 0 ? plan.delay.ms : 0;
    if (delayMs > 0) plan.delay = { ...plan.delay, count: plan.delay.count - 1 };
    const signal = (): HostSignal => ({ kind: "domain", at: world.wall.at(clock.now()), uuid, what });
    void deliver(signal, delayMs);
    if (plan.duplicate > 0) {
      plan.duplicate--;
      void deliver(signal, delayMs);
    }
  });

  return {
    host,
    ended: end.signal,
    heardAt: () => world.wall.at(heard()),
    end: finish,
    async call(durationMs, effect) {
      await onWire(wire());
      await passing();
      const result = await onHost(durationMs, effect);
      await passing();
      await onWire(wire());
      return result;
    },
    async nextSignal() {
      for (;;) {
        if (lost > 0 && waiting.length === 0) {
          const overflow = { kind: "overflow", at: world.wall.at(clock.now()), lost } as const;
          lost = 0;
          return overflow;
        }
        const signal = waiting.shift();
        if (signal !== undefined || end.signal.aborted) return signal;
        await new Promise<void>((resolve) => wakers.add(resolve));
      }
    },
  };
}
