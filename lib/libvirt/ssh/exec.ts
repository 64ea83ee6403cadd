import type { ClientChannel } from "ssh2";
import { whenAborted } from "../deadline.ts";
import { aborted, RpcError } from "../errors.ts";

export interface ExecOptions {
  /** Until the command has ended, connecting included; it is killed then. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly stdin?: string | Uint8Array;
  /** Of stdout and of stderr, each. Default 1 MiB. */
  readonly maxOutputBytes?: number;
}

export interface ExecResult {
  /** Exit status; -1 when a signal ended the command. Not being 0 is no error here. */
  readonly code: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what a command writes until it has ended. */
export function runOn(
  channel: ClientChannel,
  what: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const maxBytes = options.maxOutputBytes ?? 1024 * 1024;
  return new Promise((resolve, reject) => {
    let forget = () => {};
    let status: { code: number; signal?: string } | undefined;
    const stop = (error: RpcError) => {
      forget();
      // Servers older than OpenSSH 7.9 ignore the signal; the closed channel then ends a command at its next write.
      channel.signal("KILL");
      channel.close();
      reject(error);
    };
    const collect = (stream: NodeJS.ReadableStream, name: string): (() => string) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= maxBytes) chunks.push(chunk);
        else stop(new RpcError("OutputTooLong", `${what}: more than ${maxBytes} bytes on ${name}`));
      });
      return () => Buffer.concat(chunks).toString("utf8");
    };
    const stdout = collect(channel, "stdout");
    const stderr = collect(channel.stderr, "stderr");
    channel.on("exit", (code: number | null, name?: string) => {
      status = { code: code ?? -1, ...(name && { signal: name }) };
    });
    channel.on("close", () => {
      forget();
      if (status) resolve({ ...status, stdout: stdout(), stderr: stderr() });
      else reject(new RpcError("ConnectionClosed", `${what}: the SSH connection was lost before the command ended`));
    });
    channel.end(options.stdin ?? "");
    forget = whenAborted(signal, () => stop(aborted(what, signal)));
  });
}
