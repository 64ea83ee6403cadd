import type { Duplex } from "node:stream";
import type { Clock, HelperSignal, HostHelpers, Log } from "../engine/ports.ts";
import {
  type FromHelper,
  fromHelper,
  LineReader,
  lineOf,
  type Report,
  socketPath,
  type ToHelper,
  wireVersion,
} from "../helper/index.ts";
import { isRpcError } from "../libvirt/index.ts";
import type { HelperReport } from "../model/index.ts";
import type { HostLinks } from "./links.ts";

/** Dialled again after this long: soon while the host itself is not connected, or after a helper was there; patiently where there is none. */
const soonAgainMs = 250;
const absentAgainMs = 5_000;
const soonForMs = 60_000;
const dialTimeoutMs = 3_000;
const maxWaiting = 256;

type Grant = Parameters<HostHelpers["attend"]>[1];

/** Messages of one helper as they come; ends with the stream. */
async function* messagesOf(stream: Duplex): AsyncGenerator<FromHelper, void> {
  const reader = new LineReader(fromHelper);
  for await (const chunk of stream) {
    const messages = reader.push(chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk)));
    if (messages.length > maxWaiting) throw new Error("The helper says too much at once.");
    yield* messages;
  }
}

const reportOf = (it: Report, at: number, connected: boolean): HelperReport => ({
  version: it.version,
  connected,
  leaseMs: it.leaseMs,
  watchdog: it.watchdog,
  watchdogMs: it.watchdogMs,
  reportedAt: at,
});

/** One connection to one helper, from its first word to its last. */
async function* converse(stream: Duplex, grant: Grant, clock: Clock): AsyncGenerator<HelperSignal, void> {
  const say = (message: ToHelper) => void stream.write(lineOf(message));
  let last: Report | undefined;
  let peersKnown = false;
  say({ kind: "attend", wire: wireVersion });
  for await (const message of messagesOf(stream)) {
    const at = clock.now();
    switch (message.kind) {
      case "report":
        last = message;
        yield { kind: "report", at, report: reportOf(message, at, true) };
        break;
      case "ask": {
        const lease = grant(message.peers);
        if (lease === undefined) break;
        // A lease without peers binds nothing: the engine hears so before the helper can act on it, not after.
        if (lease.peers.length === 0 && peersKnown && last !== undefined) {
          last = { ...last, leaseMs: 0, watchdog: "none", watchdogMs: null };
          yield { kind: "report", at, report: reportOf(last, at, true) };
        }
        peersKnown = lease.peers.length > 0;
        say({ kind: "grant", serial: message.serial, leaseMs: lease.leaseMs, peers: [...lease.peers] });
        break;
      }
      case "bye":
        // Acknowledged only once whoever reads the signals has taken this one: from then on the lease proves nothing.
        if (last !== undefined) {
          const gone = { ...last, leaseMs: 0, watchdog: "none" as const, watchdogMs: null };
          yield { kind: "report", at, report: reportOf(gone, at, false) };
        }
        say({ kind: "heard-bye" });
        break;
      case "done":
        break;
    }
  }
}

/** The helpers of real hosts, through the unix socket that each has, over the host's kept SSH connection. */
export function createHostHelpers({ links, clock, log }: { links: HostLinks; clock: Clock; log: Log }): HostHelpers {
  return {
    async *attend(host, grant, signal): AsyncGenerator<HelperSignal, void> {
      let thereAt: number | undefined;
      while (!signal.aborted) {
        let stream: Duplex | undefined;
        let tried = false;
        try {
          const ssh = links.find(host.id)?.ssh;
          if (ssh?.state === "open") {
            tried = true;
            const opened = await ssh.openUnixSocket(socketPath, { signal, timeoutMs: dialTimeoutMs });
            stream = opened;
            const close = () => opened.destroy();
            opened.on("error", () => undefined);
            signal.addEventListener("abort", close, { once: true });
            if (signal.aborted) close();
            try {
              for await (const it of converse(opened, grant, clock)) {
                thereAt = it.at;
                yield it;
              }
            } finally {
              signal.removeEventListener("abort", close);
            }
          }
        } catch (error) {
          if (!signal.aborted && !isRpcError(error))
            log.warn(`the helper on ${host.name} was lost`, { error: String(error) });
        } finally {
          stream?.destroy();
        }
        if (signal.aborted) return;
        if (thereAt !== undefined && stream !== undefined)
          yield { kind: "gone", at: clock.now(), words: "The connection to the host's helper is lost." };
        const absent = tried && clock.now() - (thereAt ?? 0) > soonForMs;
        await clock.sleep(absent ? absentAgainMs : soonAgainMs, signal).catch(() => undefined);
      }
    },
  };
}
