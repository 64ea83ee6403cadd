import { setTimeout as sleep } from "node:timers/promises";
import { serverNamed } from "../description/index.ts";
import type { CreateSensors, SensorReading } from "../servers.ts";
import { isSshError, shellsOf } from "../ssh/index.ts";
import { type Seen, seen, stateOf } from "./debounce.ts";
import { lookFromManager } from "./from-manager.ts";
import { loopScript, readLine } from "./loop.ts";
import { sensorsOf } from "./sensors.ts";

const againAfterMs = 1000;
const firstLooksWithinMs = 4000;

/** Looks go on in the VMs by themselves; who reads is told what was seen last, and `unknown` where nothing was heard lately. */
export const createSensors: CreateSensors = (context) => {
  const { description, addresses } = context;
  const { everySeconds } = description.sensors;
  const freshForMs = everySeconds * 3000 + 5000;
  const shells = shellsOf(context);
  const all = sensorsOf(description).map((sensor, number) => ({ number, sensor }));
  const looks = new Map<number, Seen>();
  const heard = new Set<string>();
  const stop = new AbortController();
  let watching: Promise<void>[] | undefined;

  const take = (number: number, look: "ok" | "failing", words: string) =>
    looks.set(number, seen(looks.get(number), look, words, performance.now()));

  /** One VM's program, begun again whenever it ends: the VM was away, or is another one now. */
  async function watch(vm: string): Promise<void> {
    const own = all.filter(({ sensor }) => sensor.from === vm && sensor.own === undefined);
    const letIn = all.find(({ sensor }) => sensor.vm === vm && sensor.own === "let in");
    if (own.length === 0 && letIn === undefined) return;
    while (!stop.signal.aborted) {
      const begun = lives();
      try {
        const script = loopScript(own, everySeconds, (name) => addresses.of(name) ?? "0.0.0.0");
        // Addresses that change are another program.
        const other = new AbortController();
        const timer = setInterval(() => lives() !== begun && other.abort(), 1000);
        await shells
          .of(vm)
          .follow("look", script, {
            signal: AbortSignal.any([stop.signal, other.signal]),
            onLine: (line) => {
              const said = readLine(line);
              if (said) take(said.number, said.look, said.words);
              else if (line === "beat") {
                heard.add(vm);
                if (letIn) take(letIn.number, "ok", "");
              }
            },
          })
          .finally(() => clearInterval(timer));
      } catch (error) {
        // The VM cannot be asked: its sensors grow old, and are unknown then.
        heard.add(vm);
        // A key that does not fit, or another life of the VM, says nothing about this one.
        if (letIn && lives() === begun && isSshError(error, "unreachable", "timedOut", "lost"))
          take(letIn.number, "failing", "The manager does not reach it.");
      }
      await sleep(againAfterMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
  const lives = () =>
    description.vms.map(({ name }) => `${addresses.of(name)} ${addresses.generationOf(name)}`).join(", ");

  const begin = () => {
    watching ??= description.vms.map(({ name }) => watch(name));
  };

  const lookOurselves = (signal: AbortSignal) =>
    Promise.all(
      all.map(async ({ number, sensor }) => {
        if (sensor.own === undefined || sensor.own === "let in" || sensor.server === null || sensor.vm === null) return;
        const address = addresses.of(sensor.vm);
        if (address === undefined) return;
        const seenNow = await lookFromManager(sensor.own, serverNamed(description, sensor.server), address, signal);
        if (seenNow) take(number, seenNow.look, seenNow.words);
      }),
    );

  const readings = (): readonly SensorReading[] =>
    all.map(({ number, sensor }) => {
      const { name, kind, server, vm, from, certain, everyRounds } = sensor;
      const fresh = freshForMs + (everyRounds - 1) * everySeconds * 3000;
      return { name, kind, server, vm, from, ...stateOf(looks.get(number), certain, performance.now(), fresh) };
    });

  return {
    async read(signal) {
      begin();
      await lookOurselves(signal);
      const deadline = performance.now() + firstLooksWithinMs;
      const awaited = description.vms.filter(({ name }) =>
        all.some(({ sensor }) => sensor.from === name && sensor.own === undefined),
      );
      while (awaited.some(({ name }) => !heard.has(name)) && performance.now() < deadline && !signal.aborted)
        await sleep(50, undefined, { signal }).catch(() => undefined);
      return readings();
    },
    async readVm(vm) {
      begin();
      return readings().filter((reading) => reading.vm === vm);
    },
    async close() {
      stop.abort();
      shells.close();
      await Promise.allSettled(watching ?? []);
    },
  };
};
