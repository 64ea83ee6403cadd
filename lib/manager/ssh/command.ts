import type { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { messageOf, SshError } from "./errors.ts";

export interface CommandOptions {
  /** Until the command has ended, connecting included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Of stdout and of stderr, each: what is more is cut off in the middle, and said. Default 64 KiB. */
  readonly keptBytes?: number;
}

export interface CommandResult {
  /** Exit status; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Feeds a command and collects what it writes until it has ended. */
export function finish(
  channel: ClientChannel,
  what: string,
  input: string | Uint8Array | Readable,
  options: CommandOptions,
  keep: { readonly stdout: boolean } = { stdout: true },
): Promise<CommandResult> {
  const kept = options.keptBytes ?? 64 * 1024;
  const stdout = keep.stdout ? new Kept(channel, kept) : { text: () => "" };
  const stderr = new Kept(channel.stderr, kept);
  let code: number | undefined;
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", stopped);
      settle();
    };
    const stop = (error: SshError) =>
      done(() => {
        channel.signal("KILL");
        channel.close();
        reject(error);
      });
    const timer = setTimeout(
      () => stop(new SshError("timedOut", `${what}: not done within ${options.timeoutMs} ms${tail(stderr.text())}`)),
      options.timeoutMs,
    );
    const stopped = () => stop(new SshError("stopped", `${what}: stopped by the caller`));
    if (options.signal?.aborted) return stopped();
    options.signal?.addEventListener("abort", stopped, { once: true });
    channel.on("error", () => undefined);
    channel.on("exit", (status: number | null) => {
      code = status ?? -1;
    });
    channel.on("close", () =>
      done(() => {
        if (code === undefined) reject(new SshError("lost", `${what}: the connection was lost before it ended`));
        else resolve({ code, stdout: stdout.text(), stderr: stderr.text() });
      }),
    );
    if (typeof input === "string" || input instanceof Uint8Array) channel.end(Buffer.from(input));
    else {
      input.on("error", (cause) => stop(new SshError("failed", `${what}: ${messageOf(cause)}`, { cause })));
      input.pipe(channel);
    }
  });
}

export const tail = (text: string): string => {
  const last = text.trim().slice(-400).trim();
  return last === "" ? "" : `: ${last}`;
};

/** The first and the last bytes of a stream, never more than `most`. */
class Kept {
  readonly #most: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #left = 0;
  constructor(stream: NodeJS.ReadableStream, most: number) {
    this.#most = most;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
  }
  #take(chunk: Buffer): void {
    const room = Math.ceil(this.#most / 2) - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(room, 0));
    if (rest.length === 0) return;
    const joined = Buffer.concat([this.#tail, rest]);
    const over = Math.max(0, joined.length - Math.floor(this.#most / 2));
    this.#left += over;
    this.#tail = joined.subarray(over);
  }
  text(): string {
    const middle = this.#left === 0 ? "" : `\n[${this.#left} bytes left out]\n`;
    return `${this.#head.toString("utf8")}${middle}${this.#tail.toString("utf8")}`;
  }
}
