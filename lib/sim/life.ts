import type { Checkpoints, Clock, HostHelpers, Hypervisor } from "../engine/ports.ts";
import { Bag } from "./clock/bag.ts";
import type { VirtualClock } from "./clock/virtual-clock.ts";
import { wrapMethods } from "./wrap-methods.ts";

/** Where a process is killed: at its `call`th call from now (1 is the next), before it is made or after it was done. */
export interface KillPoint {
  readonly call: number;
  readonly when: "before" | "after";
  /** Counts only calls of this name, such as `hypervisor.act`. */
  readonly name?: string | undefined;
}

/**
 * One life of a simulated process, from its start until it is killed. What it does goes through ports wrapped here. After the
 * kill none of its calls is made, none returns and none of its timers fires: as for a real process, nothing is cleaned up.
 * A call in flight at the kill may have been done or not; the side it calls decides.
 */
export interface Life {
  readonly clock: Clock;
  alive(): boolean;
  kill(): void;
  /** Calls made so far, by name, oldest first. */
  calls(): readonly string[];
  killAt(point: KillPoint): void;
  wrap<P extends object>(name: string, port: P): P;
  wrapHypervisor(hypervisor: Hypervisor): Hypervisor;
  wrapHelpers(helpers: HostHelpers): HostHelpers;
  wrapCheckpoints(checkpoints: Checkpoints): Checkpoints;
}

const never = () => new Promise<never>(() => undefined);

export function createLife(clock: Pick<VirtualClock, "now" | "monotonicMs" | "after">): Life {
  const death = new AbortController();
  const made: string[] = [];
  /** How to give up each of its timers. A signal for each sleep would cost more than all the rest of it. */
  const timers = new Bag<() => void>();
  let killPoint: KillPoint | undefined;
  let isDead = false;
  const dead = () => isDead;
  function kill(): void {
    if (isDead) return;
    isDead = true;
    for (const giveUp of timers.empty()) giveUp();
    death.abort(new Error("The process was killed."));
  }

  function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const giveUp = clock.after(ms, () => {
        timers.remove(place);
        signal?.removeEventListener("abort", aborted);
        resolve();
      });
      const aborted = () => {
        giveUp();
        timers.remove(place);
        reject(signal?.reason);
      };
      const place = timers.add(giveUp);
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  /** The outcome of a call made by this process: nothing once it is dead. */
  const outcome = <T>(promise: Promise<T>, killed = false): Promise<T> =>
    new Promise((resolve, reject) => {
      const unlessDead = (then: () => void) => {
        if (killed) kill();
        if (!dead()) then();
      };
      promise.then(
        (value) => unlessDead(() => resolve(value)),
        (error: unknown) => unlessDead(() => reject(error)),
      );
    });

  /** Whether the call that is being made is the one to be killed at, and when. */
  function hits(name: string): KillPoint["when"] | undefined {
    if (killPoint === undefined || (killPoint.name !== undefined && killPoint.name !== name)) return undefined;
    const { when, call } = killPoint;
    killPoint = call === 1 ? undefined : { ...killPoint, call: call - 1 };
    return call === 1 ? when : undefined;
  }

  function through(name: string, call: () => unknown): unknown {
    if (dead()) return never();
    made.push(name);
    const hit = hits(name);
    if (hit === "before") {
      kill();
      return never();
    }
    const result = call();
    if (result instanceof Promise) return outcome(result, hit === "after");
    if (hit === "after") kill();
    return result;
  }

  const wrap = <P extends object>(name: string, port: P): P =>
    wrapMethods(port, (call, key) => {
      const called = `${name}.${key}`;
      return (...given) => {
        // A dead process hears nothing: its listeners stay with whom it gave them to, and do nothing.
        const args = given.map((it) =>
          typeof it === "function"
            ? (...heard: unknown[]) => (dead() ? undefined : Reflect.apply(it, undefined, heard))
            : it,
        );
        return through(called, () => call(...args));
      };
    });

  /** What the other side says, until this process dies: the kernel closes a dead one's connections. */
  function stream<T>(open: (until: AbortSignal) => AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
    const items = open(AbortSignal.any([signal, death.signal]))[Symbol.asyncIterator]();
    return { [Symbol.asyncIterator]: () => ({ next: () => (dead() ? never() : outcome(items.next())) }) };
  }

  return {
    alive: () => !dead(),
    kill,
    calls: () => made,
    killAt: (point) => {
      killPoint = point;
    },
    wrap,
    clock: {
      ...{ now: clock.now, monotonicMs: clock.monotonicMs },
      sleep: (ms, signal) => (dead() ? never() : sleep(ms, signal)),
    },
    wrapHypervisor(hypervisor) {
      const wrapped = wrap("hypervisor", hypervisor);
      const watch: Hypervisor["watch"] = (host, signal) => stream((until) => hypervisor.watch(host, until), signal);
      // What was heard is in the process's own memory: no call, and nothing to be killed at.
      const heardAt: Hypervisor["heardAt"] = (host) => hypervisor.heardAt(host);
      return withMethods(wrapped, { watch, heardAt });
    },
    wrapCheckpoints(checkpoints) {
      // Its agents hear the end of a dead process: the kernel closes their channels.
      const until = (signal: AbortSignal) => AbortSignal.any([signal, death.signal]);
      return wrap(
        "checkpoints",
        withMethods(checkpoints, {
          capture: (request, signal, told) => checkpoints.capture(request, until(signal), told),
          captureGroup: (requests, signal, told) => checkpoints.captureGroup(requests, until(signal), told),
        }),
      );
    },
    wrapHelpers: (helpers) => ({
      attend: (host, grant, signal) =>
        // A dead process grants nothing.
        stream((until) => helpers.attend(host, (held) => (dead() ? undefined : grant(held)), until), signal),
    }),
  };
}

/** The port with these methods in the place of its own. */
function withMethods<P extends object>(port: P, methods: Partial<P>): P {
  const found = new Map<PropertyKey, unknown>();
  return new Proxy(port, {
    get(target, key) {
      const known = found.get(key);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(key in methods ? methods : target, key);
      found.set(key, value);
      return value;
    },
  });
}
