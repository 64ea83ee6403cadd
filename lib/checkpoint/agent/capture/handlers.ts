import { domainInfo, domainXml, isNoDomain } from "../../../libvirt/index.ts";
import { type Envelope, holdMostMs, readRequest } from "../../wire/index.ts";
import { deferred } from "../deferred.ts";
import type { Exchange, Handlers, LastAnswer } from "../exchange.ts";
import { AgentFailure } from "../failure.ts";
import { Monitor } from "../monitor.ts";
import { sweepVm } from "../sweep.ts";
import { type CaptureTools, capture, type Pace, readAsked } from "./capture.ts";
import { findDisks } from "./disks.ts";
import type { CaptureAsked } from "./method.ts";
import { choose, find, roomForMapping } from "./probe.ts";

const done = (words: string): LastAnswer => ({ kind: "done", words });
const atOnce: Pace = { prepared: async () => {}, held: async () => {} };
const groupMs = 60_000;

/** What the engine asks about captures. One at a time for each VM. */
export function captureHandlers(tools: CaptureTools): Handlers {
  const { files, tables } = tools;
  const running = new Map<string, { readonly abort: AbortController; readonly over: Promise<unknown> }>();

  /** One capture of a VM, whatever its pace. */
  const one = async (asked: CaptureAsked, exchange: Exchange, pace: Pace): Promise<LastAnswer> => {
    if (running.has(asked.uuid)) throw new AgentFailure("interrupted", "Another capture of this VM has not ended.");
    await probes.get(asked.uuid); // it would take back what this one sets
    if (running.has(asked.uuid)) throw new AgentFailure("interrupted", "Another capture of this VM has not ended.");
    if (sweeps.has(asked.uuid)) throw new AgentFailure("interrupted", "What another capture left is being taken away.");
    const abort = new AbortController();
    const onAbort = () => abort.abort(exchange.signal.reason);
    exchange.signal.addEventListener("abort", onAbort, { once: true });
    if (exchange.signal.aborted) onAbort();
    const work = capture(asked, { ...exchange, signal: abort.signal }, tools, pace);
    running.set(asked.uuid, { abort, over: work.catch(() => undefined) });
    try {
      await work;
      return done("Captured.");
    } catch (error) {
      if (isNoDomain(error)) throw new AgentFailure("not-possible", "The VM is not on this host.", error);
      throw error;
    } finally {
      running.delete(asked.uuid);
      exchange.signal.removeEventListener("abort", onAbort);
    }
  };

  /** One at a time for each VM: whoever asks again meanwhile shares it. A second one would take away what the next capture begins. */
  const sweeps = new Map<string, Promise<string[]>>();
  const sweepOf = (uuid: string): Promise<string[]> => {
    const going = sweeps.get(uuid);
    if (going) return going;
    const sweep = sweepVm({ uuid }, files).finally(() => sweeps.delete(uuid));
    sweeps.set(uuid, sweep);
    return sweep;
  };

  const probes = new Map<string, Promise<unknown>>();
  const probe = (uuid: string): Promise<LastAnswer> => {
    const going = Promise.resolve(probes.get(uuid)).then(() => probeNow(uuid));
    const over = going
      .catch(() => undefined)
      .finally(() => {
        if (probes.get(uuid) === over) probes.delete(uuid);
      });
    probes.set(uuid, over);
    return going;
  };

  const probeNow = async (uuid: string): Promise<LastAnswer> => {
    const monitor = await Monitor.open({ uuid });
    try {
      const info = await domainInfo(monitor.connection, { uuid });
      const lazy = await roomForMapping(info.maxMemoryKiB * 1024);
      // What a probe tries would disturb a capture that is going on.
      if (running.has(uuid)) throw new AgentFailure("interrupted", "A capture of this VM is going on.");
      if (info.state !== "running" && info.state !== "blocked")
        return { kind: "offer", offer: { method: null, words: "The VM does not run.", lazy } };
      const xml = await domainXml(monitor.connection, { uuid });
      const disks = findDisks(xml, await monitor.qmp("query-block"));
      return { kind: "offer", offer: { ...choose(await find(monitor, disks, files)), lazy } };
    } catch (error) {
      if (isNoDomain(error))
        return { kind: "offer", offer: { method: null, words: "The VM is not on this host.", lazy: false } };
      throw error;
    } finally {
      await monitor.close();
    }
  };

  const read = (message: Envelope) => {
    try {
      const request = readRequest(message);
      if (request) return request;
    } catch (error) {
      throw new AgentFailure("not-possible", "The agent does not understand this request.", error);
    }
    throw new AgentFailure("not-possible", "The agent does not know this request.");
  };

  const handle = async (message: Envelope, exchange: Exchange): Promise<LastAnswer> => {
    const request = read(message);
    switch (request.kind) {
      case "probe":
        return probe(request.uuid);
      case "capture":
        return one(readAsked(request), exchange, atOnce);
      case "prepare":
        return one(readAsked(request), exchange, groupPace(request.method, exchange));
      case "sweep": {
        const going = running.get(request.uuid);
        going?.abort.abort(new AgentFailure("interrupted", "It was swept away."));
        await going?.over;
        const found = await sweepOf(request.uuid);
        return done(found.length === 0 ? "Nothing was left." : `Taken away: ${found.join(", ")}.`);
      }
      case "forget":
        tables.forget(request.uuid);
        tools.remembered.forget(request.uuid);
        return done("Forgotten.");
      default:
        throw new AgentFailure("not-possible", "This request has nothing to do here.");
    }
  };
  return { probe: handle, capture: handle, prepare: handle, sweep: handle, forget: handle };
}

/** A capture of a group stops at `prepared` and `held` until the engine says so; the wait for `go` is short, since the guest stands. */
function groupPace(method: string, exchange: Exchange): Pace {
  if (method !== "background")
    throw new AgentFailure("not-possible", "A group can only be captured while its VMs run on in the background.");
  const told = { hold: deferred<void>(), standing: deferred<void>(), go: deferred<void>() };
  exchange.onMessage(async ({ kind }) => {
    if (kind === "hold") {
      told.hold.resolve();
      await until(told.standing.promise, exchange.signal, groupMs, "The VM did not stop.");
      return done("It stands.");
    }
    if (kind !== "go") throw new AgentFailure("not-possible", `"${kind}" has no meaning for a capture.`);
    told.go.resolve();
    return done("It goes on.");
  });
  return {
    prepared: async () => {
      await exchange.send({ kind: "prepared" });
      await until(told.hold.promise, exchange.signal, groupMs, "Nobody said when to hold it.");
    },
    held: async () => {
      told.standing.resolve();
      await until(
        told.go.promise,
        exchange.signal,
        holdMostMs,
        "The other VMs of the group were not ready in time: it was let go.",
      );
    },
  };
}

async function until(it: Promise<void>, signal: AbortSignal, timeoutMs: number, words: string): Promise<void> {
  let stop = () => {};
  const over = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new AgentFailure("interrupted", words)), timeoutMs);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  });
  try {
    await Promise.race([it, over]);
  } finally {
    stop();
  }
}
