import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { type Duplex, Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Client, ClientChannel } from "ssh2";
import { type CommandOptions, type CommandResult, finish, tail } from "./command.ts";
import { type DialOptions, dial } from "./dial.ts";
import { isSshError, messageOf, SshError } from "./errors.ts";
import { Script, sh } from "./script.ts";

export type Content = string | Uint8Array | { readonly file: string };

export interface PutOptions extends CommandOptions {
  /** Octal digits. Default 644. */
  readonly mode?: string;
  /** 64 hex digits that the file must have when it has arrived. Default: those of the content, where that is in memory. */
  readonly sha256?: string;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** What wrappers and sensors may do in one VM. */
export interface VmShell {
  readonly vm: string;
  readonly address: string;
  /** Resolves once the VM has let us in. */
  open(options: CommandOptions): Promise<void>;
  /** Runs a script with `sh`. Its exit status is part of the answer. */
  run(what: string, script: Script, options: CommandOptions): Promise<CommandResult>;
  /** The same for what has to succeed: its standard output, or SshError `failed` with what it wrote last. */
  must(what: string, script: Script, options: CommandOptions): Promise<string>;
  /** Puts a file in its place, whole or not at all. */
  put(to: string, content: Content, options: PutOptions): Promise<void>;
  /** A script's input from here, as it is read: for archives that are unpacked on the way. */
  feed(what: string, script: Script, content: Content | Readable, options: CommandOptions): Promise<CommandResult>;
  /** A script that runs on: each line it writes, until `signal`. Ends by an error in every case; the script ends with the connection. */
  follow(what: string, script: Script, options: FollowOptions): Promise<never>;
  /** A script's standard output into `to`, which is ended. SshError `failed` where the script fails: what was written is not whole then. */
  collect(what: string, script: Script, to: Writable, options: CommandOptions): Promise<void>;
  /** A byte stream to a port of the VM itself. */
  tunnel(port: number): Promise<Duplex>;
  close(): void;
}

export interface VmShellOptions extends Omit<DialOptions, "timeoutMs" | "signal"> {
  /** Until a connection is authenticated. Default 10 s. */
  readonly connectTimeoutMs?: number;
}

/** One kept SSH connection to one life of a VM. Opened by the first use, and again by the first use after it was lost. */
export function vmShell(options: VmShellOptions): VmShell {
  const { vm } = options.life;
  let open: Client | undefined;
  let opening: Promise<Client> | undefined;
  let closed = false;

  const connect = async () => {
    const client = await dial({ ...options, timeoutMs: options.connectTimeoutMs ?? 10_000 });
    client.setMaxListeners(0);
    client.on("close", () => {
      if (open === client) open = undefined;
    });
    if (closed) {
      client.destroy();
      throw new SshError("stopped", `${vm}: closed by this side`);
    }
    open = client;
    return client;
  };
  const ready = (): Promise<Client> => {
    if (closed) return Promise.reject(new SshError("stopped", `${vm}: closed by this side`));
    if (open) return Promise.resolve(open);
    opening ??= connect().finally(() => {
      opening = undefined;
    });
    return opening;
  };

  /**
   * A script is the input of `sh -s`, or, where the input is other data, an argument that is quoted as a whole. A VM that is just coming up,
   * or short of processes for a moment, refuses to begin a command: it was not begun, so it is asked again.
   */
  const channel = async (what: string, command: string): Promise<ClientChannel> => {
    for (let turn = 1; ; turn++)
      try {
        return await channelOnce(what, command);
      } catch (error) {
        if (turn === 4 || !(error instanceof SshError) || !error.message.endsWith("Unable to exec")) throw error;
        await new Promise((resolve) => setTimeout(resolve, 150 * turn));
      }
  };
  const channelOnce = async (what: string, command: string): Promise<ClientChannel> => {
    const client = await ready();
    return await new Promise<ClientChannel>((resolve, reject) => {
      const name = `${vm}: ${what}`;
      const fail = (code: "timedOut" | "lost", message: string) => {
        clearTimeout(timer);
        client.off("close", lost);
        // A VM that opens no channel, or answers no more, costs the connection: the next use starts with a fresh one.
        client.destroy();
        reject(new SshError(code, `${name}: ${message}`));
      };
      const timer = setTimeout(() => fail("timedOut", "the VM opened no channel in time"), 10_000);
      const lost = () => fail("lost", "the connection was lost");
      client.once("close", lost);
      try {
        client.exec(command, (error, opened) => {
          clearTimeout(timer);
          client.off("close", lost);
          if (error) reject(new SshError("lost", `${name}: ${error.message}`, { cause: error }));
          else resolve(opened);
        });
      } catch (cause) {
        fail("lost", messageOf(cause));
      }
    });
  };
  const withData = (script: Script) => sh`exec sh -c ${script.text}`.text;

  const self: VmShell = {
    vm,
    address: options.address,
    async open({ timeoutMs, signal }) {
      const late = AbortSignal.timeout(Math.ceil(timeoutMs));
      const limit = AbortSignal.any(signal ? [late, signal] : [late]);
      let stop = () => {};
      const stopped = new Promise<never>((_, reject) => {
        stop = () => reject(new SshError(signal?.aborted ? "stopped" : "timedOut", `${vm}: not reached in time`));
        limit.addEventListener("abort", stop, { once: true });
      });
      try {
        await Promise.race([ready(), stopped]);
      } finally {
        limit.removeEventListener("abort", stop);
      }
    },
    async run(what, script, limits) {
      const opened = await within(channel(what, "exec sh -s"), `${vm}: ${what}`, limits);
      return await finish(opened, `${vm}: ${what}`, `${script.text}\n`, limits);
    },
    async must(what, script, limits) {
      const done = await self.run(what, script, limits);
      if (done.code === 0) return done.stdout;
      throw new SshError("failed", `${vm}: ${what} failed (${done.code})${tail(done.stderr || done.stdout)}`);
    },
    async put(to, content, limits) {
      const sha256 =
        limits.sha256 ?? (isFile(content) ? undefined : createHash("sha256").update(content).digest("hex"));
      const draft = `${to}.belay-new`;
      const check = sha256 === undefined ? Script.empty : sh`echo ${`${sha256}  ${draft}`} | sha256sum -c > /dev/null`;
      const script = sh`set -e
mkdir -p ${path.posix.dirname(to)}
cat > ${draft}
${check}
chmod ${limits.mode ?? "644"} ${draft}
mv -f ${draft} ${to}`;
      const done = await self.feed(`write ${to}`, script, content, limits);
      if (done.code !== 0) throw new SshError("failed", `${vm}: write ${to} failed (${done.code})${tail(done.stderr)}`);
    },
    async feed(what, script, content, limits) {
      const opened = await within(channel(what, withData(script)), `${vm}: ${what}`, limits);
      const input = content instanceof Readable ? content : isFile(content) ? createReadStream(content.file) : content;
      return await finish(opened, `${vm}: ${what}`, input, limits);
    },
    async follow(what, script, { signal, onLine }) {
      if (signal.aborted) throw new SshError("stopped", `${vm}: ${what}: stopped by the caller`);
      const opened = await channel(what, withData(script));
      opened.on("error", () => undefined);
      const stop = () => {
        opened.signal("KILL");
        opened.close();
        opened.destroy();
      };
      signal.addEventListener("abort", stop, { once: true });
      opened.stderr.resume();
      opened.end();
      try {
        for await (const line of createInterface({ input: opened, crlfDelay: Number.POSITIVE_INFINITY }))
          onLine(line.slice(0, 4096));
      } finally {
        signal.removeEventListener("abort", stop);
      }
      throw new SshError(signal.aborted ? "stopped" : "lost", `${vm}: ${what} has ended`);
    },
    async collect(what, script, to, limits) {
      const opened = await within(channel(what, withData(script)), `${vm}: ${what}`, limits);
      opened.pipe(to);
      const written = finished(to);
      // Who waits for `done` first must not find `written` unheard.
      written.catch(() => opened.close());
      const done = await finish(opened, `${vm}: ${what}`, "", limits, { stdout: false });
      if (done.code !== 0) throw new SshError("failed", `${vm}: ${what} failed (${done.code})${tail(done.stderr)}`);
      await written;
    },
    async tunnel(port) {
      const client = await ready();
      return await new Promise<Duplex>((resolve, reject) =>
        client.forwardOut("127.0.0.1", 0, "127.0.0.1", port, (error, opened) => {
          if (error) reject(new SshError("lost", `${vm}: port ${port}: ${error.message}`, { cause: error }));
          else resolve(opened);
        }),
      );
    },
    close() {
      closed = true;
      open?.destroy();
      open = undefined;
    },
  };
  return self;
}

const isFile = (content: Content | Readable): content is { readonly file: string } =>
  typeof content === "object" && !(content instanceof Uint8Array) && "file" in content;

/** A connection that is still being made goes on for those who wait longer. */
async function within<T extends ClientChannel>(
  opening: Promise<T>,
  what: string,
  { timeoutMs, signal }: CommandOptions,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SshError("timedOut", `${what}: not begun within ${timeoutMs} ms`)), timeoutMs);
    stop = () => reject(new SshError("stopped", `${what}: stopped by the caller`));
    signal?.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([opening, limit]);
  } catch (error) {
    opening.then(
      (late) => late.close(),
      () => undefined,
    );
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** Asks until the VM lets us in, or `timeoutMs` have gone by; a refused key or a changed host key ends it at once. */
export async function untilReached(shell: VmShell, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = deadline - performance.now();
    try {
      await shell.open({ timeoutMs: Math.max(1, left), ...(signal && { signal }) });
      return;
    } catch (error) {
      if (!isSshError(error, "unreachable", "lost", "timedOut") || deadline - performance.now() < 250) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
