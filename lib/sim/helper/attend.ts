import type { HelperSignal, HostHelpers } from "../../engine/ports.ts";
import type { HelperReport } from "../../model/index.ts";
import { answersNetwork } from "../world/net.ts";
import type { HelperLine, SimHelper, SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";
import { runHelper } from "./helper.ts";

const connectMs = 60;
/** A line stands silence for so long, as SSH's keepalive does. */
const silenceMs = 3000;
const reportEveryMs = 10_000;

/** The engine's side of the helpers of the simulated cloud. It waits for changes of the host, and has no timers while all is well. */
export const simulatedHelpers = (world: World): HostHelpers => ({
  async *attend(address, grant, signal) {
    const host = world.hostByUri(address.uri);
    const helper = host?.helper;
    if (!host || !helper) return waitFor(signal);
    const change = changesOf(world, host, signal);
    try {
      while (!signal.aborted) {
        if (!reachable(world, host, helper) || host.hostKeySha256 !== address.hostKeySha256) {
          await change.next();
          continue;
        }
        await world.clock.sleep(connectMs, signal).catch(() => undefined);
        if (!signal.aborted && reachable(world, host, helper))
          yield* during(world, host, helper, grant, signal, change);
      }
    } finally {
      change.stop();
    }
  },
});

const waitFor = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

const reachable = (world: World, host: SimHost, helper: SimHelper): boolean =>
  helper.running && answersNetwork(host, world.clock.now());

interface Changes {
  /** The next change of the host, the end of the time where one is given, or of the watch. */
  next(withinMs?: number): Promise<void>;
  /** There is news: `next` comes at once. */
  call(): void;
  stop(): void;
}

function changesOf(world: World, host: SimHost, signal: AbortSignal): Changes {
  let wake = () => {};
  const call = () => wake();
  const stop = world.onHostChange(host, call);
  signal.addEventListener("abort", call, { once: true });
  return {
    call,
    next: (withinMs) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const giveUp = withinMs === undefined ? () => {} : world.after(withinMs, () => wake());
        wake = () => {
          giveUp();
          wake = () => {};
          resolve();
        };
      }),
    stop() {
      stop();
      signal.removeEventListener("abort", call);
      wake();
    },
  };
}

/** One line, from its opening to its end. */
async function* during(
  world: World,
  host: SimHost,
  helper: SimHelper,
  grant: Parameters<HostHelpers["attend"]>[1],
  signal: AbortSignal,
  change: Changes,
): AsyncGenerator<HelperSignal> {
  const { clock, wall } = world;
  let reportedAt = Number.NEGATIVE_INFINITY;
  const line: HelperLine = {
    ask: grant,
    binds: helper.lease !== null,
    tell() {
      reportedAt = Number.NEGATIVE_INFINITY;
      change.call();
    },
  };
  const { starts } = helper;
  const now = () => wall.at(clock.now());
  helper.line = line;
  runHelper(world, host, helper);
  let silentSince: number | undefined;
  try {
    while (!signal.aborted) {
      if (helper.starts !== starts && answersNetwork(host, clock.now()))
        return yield { kind: "gone", at: now(), words: "The helper closed the line." };
      if (answersNetwork(host, clock.now())) {
        silentSince = undefined;
        if (clock.now() - reportedAt >= reportEveryMs) {
          reportedAt = clock.now();
          yield { kind: "report", at: now(), report: reportOf(helper, line.binds, now()) };
          continue;
        }
      } else {
        silentSince ??= clock.now();
        if (clock.now() - silentSince >= silenceMs)
          return yield { kind: "gone", at: now(), words: `No answer for ${silenceMs / 1000} s.` };
      }
      await change.next(
        silentSince === undefined ? reportedAt + reportEveryMs - clock.now() : silentSince + silenceMs - clock.now(),
      );
    }
  } finally {
    if (helper.line === line) helper.line = null;
  }
}

/** Where no lease binds it, its watchdog is not armed. */
const reportOf = (helper: SimHelper, binds: boolean, at: number): HelperReport => ({
  version: "SIMULATED",
  connected: true,
  leaseMs: helper.lease?.leaseMs ?? 0,
  watchdog: binds ? helper.watchdog : "none",
  watchdogMs: binds && helper.watchdog !== "none" ? helper.watchdogMs : null,
  reportedAt: at,
});
