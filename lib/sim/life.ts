import type { Clock, Hypervisor } from "../engine/ports.ts";

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
}

const never = () => new Promise<never>(() => undefined);

export function createLife(clock: Clock): Life {
  const death = new AbortController();
  const made: string[] = [];
  let killPoint: KillPoint | undefined;
  const dead = () => death.signal.aborted;
  const kill = () => death.abort(new Error("The process was killed."));

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
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          // A dead process hears nothing: its listeners stay with whom it gave them to, and do nothing.
          const args = given.map((it) =>
            typeof it === "function"
              ? (...heard: unknown[]) => (dead() ? undefined : Reflect.apply(it, undefined, heard))
              : it,
          );
          return through(`${name}.${String(key)}`, () => Reflect.apply(value, target, args));
        };
      },
    });

  return {
    alive: () => !dead(),
    kill,
    calls: () => made,
    killAt: (point) => {
      killPoint = point;
    },
    wrap,
    clock: {
      now: clock.now,
      sleep(ms, signal) {
        if (dead()) return never();
        const both = signal ? AbortSignal.any([signal, death.signal]) : death.signal;
        return outcome(clock.sleep(ms, both));
      },
    },
    wrapHypervisor(hypervisor) {
      const wrapped = wrap("hypervisor", hypervisor);
      return {
        listDomains: wrapped.listDomains,
        readDomain: wrapped.readDomain,
        readDefinition: wrapped.readDefinition,
        act: wrapped.act,
        inject: wrapped.inject,
        agentAnswers: wrapped.agentAnswers,
        watch(host, signal) {
          // The kernel closes a dead process's connections.
          const signals = hypervisor.watch(host, AbortSignal.any([signal, death.signal]))[Symbol.asyncIterator]();
          return { [Symbol.asyncIterator]: () => ({ next: () => (dead() ? never() : outcome(signals.next())) }) };
        },
      };
    },
  };
}
