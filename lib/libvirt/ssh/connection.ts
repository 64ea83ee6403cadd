import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { deadline, whenAborted } from "../deadline.ts";
import { aborted, isRpcError, messageOf, RpcError } from "../errors.ts";
import { commandDuplex } from "./command-duplex.ts";
import { type ExecOptions, type ExecResult, runOn } from "./exec.ts";
import { sshHandshake } from "./handshake.ts";
import { checkSshOptions, type SshOptions } from "./options.ts";
import { shellCommand } from "./quote.ts";

export type SshState = "idle" | "connecting" | "open" | "closed";

export interface ChannelOptions {
  /** Until the host has opened the channel. Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How long the host may take to open a channel over a connection that stands. */
const channelTimeoutMs = 10_000;

/**
 * One kept SSH connection to one host, for sockets and commands. It is opened by its first use and again by the first use after
 * it was lost; it never dials by itself. A host that does not open a channel in time costs the connection, so that the next use
 * starts with a fresh one.
 */
export class SshConnection {
  /** "ssh root@host:22", for people. */
  readonly target: string;
  readonly hostKeySha256: string;
  readonly #options: SshOptions;
  readonly #listeners = new Set<(state: SshState) => void>();
  readonly #end = new AbortController();
  #state: SshState = "idle";
  #client: Client | undefined;
  #opening: Promise<Client> | undefined;
  #lastError: RpcError | undefined;

  constructor(options: SshOptions) {
    checkSshOptions(options);
    this.#options = options;
    this.hostKeySha256 = options.hostKeySha256;
    this.target = `ssh ${options.username}@${options.host}:${options.port ?? 22}`;
  }

  get state(): SshState {
    return this.#state;
  }

  /** Why the connection was last lost or could not be opened. */
  get lastError(): RpcError | undefined {
    return this.#lastError;
  }

  /** Calls `listener` at each change of state; returns how to stop that. */
  onState(listener: (state: SshState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the connection now, if it is not open. */
  async open(signal?: AbortSignal): Promise<void> {
    await this.#ready(signal);
  }

  /** A byte stream to a unix socket of the host. */
  openUnixSocket(path: string, options: ChannelOptions = {}): Promise<Duplex> {
    return this.#channel(
      `${this.target}: socket ${path}`,
      options,
      (client, done) => client.openssh_forwardOutStreamLocal(path, done),
      (channel) => channel,
    );
  }

  /** Runs a command, given as its arguments (no shell meets their content), and waits for its end. */
  async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const what = `${this.target}: ${argv[0]}`;
    const limit = deadline(options.timeoutMs, options.signal);
    try {
      const running = await this.#command(argv, { signal: limit.signal }, (channel) => ({
        result: runOn(channel, what, options, limit.signal),
      }));
      return await running.result;
    } catch (error) {
      if (limit.expired && isRpcError(error, "Aborted", "CallTimeout")) {
        throw new RpcError("CallTimeout", `${what}: not done within ${options.timeoutMs} ms`, { cause: error });
      }
      throw error;
    } finally {
      limit.clear();
    }
  }

  /**
   * Starts a command and gives its input and output as one byte stream, whose end waits for the command's own: it fails, with
   * what was written on stderr, unless the command ended with 0.
   */
  spawn(argv: readonly string[], options: ChannelOptions = {}): Promise<Duplex> {
    return this.#command(argv, options, (channel) => commandDuplex(channel, `${this.target}: ${argv[0]}`));
  }

  /** Ends the connection and all that runs over it. Final; may be called again. */
  close(): void {
    if (this.#state === "closed") return;
    this.#setState("closed");
    this.#end.abort(new Error("closed by this side"));
    this.#client?.destroy();
    this.#client = undefined;
  }

  #command<T>(argv: readonly string[], options: ChannelOptions, use: (channel: ClientChannel) => T): Promise<T> {
    const command = shellCommand(argv);
    return this.#channel(`${this.target}: ${argv[0]}`, options, (client, done) => client.exec(command, done), use);
  }

  /** `use` gets the channel before anything else of it is received: a command may have ended a moment later. */
  async #channel<T>(
    what: string,
    options: ChannelOptions,
    open: (client: Client, done: (error: Error | undefined, channel: ClientChannel) => void) => void,
    use: (channel: ClientChannel) => T,
  ): Promise<T> {
    const client = await this.#ready(options.signal);
    const limit = deadline(options.timeoutMs ?? channelTimeoutMs, options.signal);
    try {
      return await new Promise<T>((resolve, reject) => {
        const lost = () => reject(new RpcError("ConnectionClosed", `${what}: the SSH connection was lost`));
        const stop = () => {
          reject(
            limit.expired
              ? new RpcError("CallTimeout", `${what}: the host did not open a channel in time`)
              : aborted(what, limit.signal),
          );
          if (limit.expired) this.#lost(client, "the host did not open a channel in time");
        };
        const forget = whenAborted(limit.signal, stop);
        if (limit.signal.aborted) return;
        client.once("close", lost);
        try {
          open(client, (cause, channel) => {
            client.off("close", lost);
            forget();
            if (cause) {
              reject(new RpcError("DialFailed", `${what}: ${cause.message}`, { cause }));
              return;
            }
            channel.on("error", () => undefined);
            // Opened after its asker had gone: nobody will use or close it.
            if (limit.signal.aborted) channel.close();
            else resolve(use(channel));
          });
        } catch (cause) {
          client.off("close", lost);
          // ssh2 throws where its socket has ended and it has not said so yet.
          this.#lost(client, messageOf(cause));
          reject(new RpcError("ConnectionClosed", `${what}: ${messageOf(cause)}`, { cause }));
        }
      });
    } finally {
      limit.clear();
    }
  }

  /** The open client; one attempt at a time, shared by all who ask. Who is aborted leaves, the attempt goes on for the others. */
  #ready(signal: AbortSignal | undefined): Promise<Client> {
    if (this.#state === "closed") {
      return Promise.reject(new RpcError("ConnectionClosed", `${this.target}: closed by this side`));
    }
    if (this.#client) return Promise.resolve(this.#client);
    this.#opening ??= this.#connect();
    const opening = this.#opening;
    if (!signal) return opening;
    return new Promise((resolve, reject) => {
      const forget = whenAborted(signal, () => reject(aborted(this.target, signal)));
      opening.then(resolve, reject).finally(forget);
    });
  }

  async #connect(): Promise<Client> {
    this.#setState("connecting");
    try {
      const client = await sshHandshake(this.#options, this.#end.signal);
      this.#client = client;
      // Each channel that is being opened listens for the end.
      client.setMaxListeners(0);
      client.on("error", (cause) => this.#lost(client, cause.message));
      client.on("close", () => this.#lost(client, "the connection was closed"));
      this.#setState("open");
      return client;
    } catch (error) {
      this.#lastError = isRpcError(error) ? error : new RpcError("DialFailed", messageOf(error), { cause: error });
      this.#setState("idle");
      throw this.#lastError;
    } finally {
      this.#opening = undefined;
    }
  }

  #lost(client: Client, reason: string): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#lastError = new RpcError("ConnectionClosed", `${this.target}: ${reason}`);
    client.destroy();
    this.#setState("idle");
  }

  #setState(state: SshState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
