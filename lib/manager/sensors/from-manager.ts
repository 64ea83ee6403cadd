import { execFile } from "node:child_process";
import { connect } from "node:net";
import { portOf, type ServerSpec } from "../description/index.ts";
import type { Look } from "./debounce.ts";
import type { Sensor } from "./sensors.ts";

/** Sensors that the manager looks with itself: the way that visitors come. Answers within its own time. */
export async function lookFromManager(
  own: Exclude<NonNullable<Sensor["own"]>, "let in">,
  server: ServerSpec,
  address: string,
  signal: AbortSignal,
): Promise<{ readonly look: Look; readonly words: string } | undefined> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(own.withinSeconds * 1000)]);
  const port = "port" in own && own.port !== undefined ? own.port : portOf(server);
  try {
    switch (own.kind) {
      case "tcp":
        await connected(address, port, within);
        return { look: "ok", words: "" };
      case "http": {
        const reply = await fetch(`http://${address}:${port}${own.path}`, { signal: within, redirect: "manual" });
        const body = await reply.text();
        if (reply.status >= 400) return { look: "failing", words: `It answers ${reply.status}.` };
        if (own.contains !== undefined && !body.includes(own.contains))
          return { look: "failing", words: "Its answer does not hold the words." };
        return { look: "ok", words: "" };
      }
      case "command":
        await ended(own.run, within);
        return { look: "ok", words: "" };
      default:
        return undefined;
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    return { look: "failing", words: error instanceof Error ? error.message.slice(0, 300) : String(error) };
  }
}

const connected = (host: string, port: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, signal }, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });

const ended = (run: string, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    execFile("/bin/sh", ["-c", run], { signal, maxBuffer: 64 * 1024 }, (error) => (error ? reject(error) : resolve()));
  });
