import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server, Socket, type SocketConstructorOpts } from "node:net";
import { deferred } from "../deferred.ts";
import type { WorkFiles } from "../work-files.ts";

const bufferBytes = 512 * 1024;

/** The chunk is its own only until it returns. What is returned is waited for before more is read. */
type TakeData = (chunk: Uint8Array) => Promise<void> | undefined;

/**
 * Waits for our end. Where we were killed it reads what QEMU still writes, to its end. (`cat` ends at once where there is nothing to read
 * just now, since the socket does not wait: hence the loop.)
 */
const heirScript = "read -r told || while ! cat <&3 >/dev/null 2>&1; do :; done";

/**
 * The unix socket that QEMU writes its stream to. We listen ourselves: a command (`exec:`) is refused to a QEMU of libvirt's, and kills it.
 *
 * It must be read to its end, whatever happens. QEMU (7.2 at least) leaves a guest's memory write-protected when a background snapshot
 * fails or is cancelled: the guest hangs for ever at its next write, and with it QEMU's monitor. So a capture that is given up reads on and
 * throws away, and a process of its own inherits the socket, in case this one is killed.
 */
export class RamSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #files: WorkFiles;
  readonly #end = deferred<void>();
  #take: TakeData | undefined;
  #socket: Socket | undefined;
  #heir: ChildProcess | undefined;
  #error: unknown;

  private constructor(path: string, files: WorkFiles, take: TakeData) {
    this.path = path;
    this.#files = files;
    this.#take = take;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#connected(socket));
  }

  static async listen(path: string, files: WorkFiles, take: TakeData): Promise<RamSocket> {
    await files.remove(path);
    const made = new RamSocket(path, files, take);
    await new Promise<void>((resolve, reject) => {
      made.#server.once("error", reject);
      made.#server.listen(path, resolve);
    });
    return made;
  }

  /** Resolves when QEMU has closed it; rejects then with what `take` threw. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /**
   * From here on somebody reads it to its end even if this process is killed. To be called when the guest runs again: that makes the
   * standstill no longer, and before it nothing is protected yet.
   */
  bequeath(): void {
    if (this.#socket && !this.#heir) this.#heir = inherit(this.#socket);
  }

  /** Reads on, and throws away. Resolves at the end; at once where QEMU never came. */
  async discard(): Promise<void> {
    this.#take = undefined;
    this.#socket?.resume();
    if (this.#socket) await this.ended.catch(() => undefined);
  }

  #connected(accepted: Socket): void {
    if (this.#socket) return void accepted.destroy();
    const socket = withOneBuffer(accepted, (chunk) => this.#data(chunk));
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("close", () => (this.#error === undefined ? this.#end.resolve() : this.#end.reject(this.#error)));
    socket.resume();
  }

  /** False: nothing more is to be read until `resume`. */
  #data(chunk: Uint8Array): boolean {
    try {
      const busy = this.#take?.(chunk);
      if (!busy) return true;
      busy.then(
        () => this.#socket?.resume(),
        (error: unknown) => this.#failed(error),
      );
      return false;
    } catch (error) {
      this.#failed(error);
      return true;
    }
  }

  #failed(error: unknown): void {
    this.#error ??= error;
    this.#take = undefined;
    this.#socket?.resume();
  }

  /** Only when it has ended, or nobody will mind that it is broken off. */
  async close(): Promise<void> {
    this.#heir?.stdin?.end("\n");
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#files.remove(this.path);
  }
}

/** What Node knows of a socket beneath its streams. It is not told to everybody: where it is missing, we do without. */
const handleOf = (socket: Socket): unknown => Reflect.get(socket, "_handle");

/**
 * The same connection, read into one buffer again and again: a new one for every 64 KiB keeps the garbage collector busier than all the
 * hashing. The chunk is `take`'s until it returns; false: it asks for no more until `resume`.
 */
function withOneBuffer(accepted: Socket, take: (chunk: Uint8Array) => boolean): Socket {
  const handle = handleOf(accepted);
  if (typeof handle !== "object" || handle === null) {
    accepted.on("data", (chunk) => {
      if (!take(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) accepted.pause();
    });
    return accepted;
  }
  Reflect.set(accepted, "_handle", null);
  accepted.destroy();
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  const onread = { buffer, callback: (bytes: number) => take(buffer.subarray(0, bytes)) };
  const options: SocketConstructorOpts = { onread, readable: true, writable: true };
  Reflect.set(options, "handle", handle);
  return new Socket(options);
}

function inherit(socket: Socket): ChildProcess | undefined {
  // By its number: given the socket itself, Node would stop reading from it.
  const handle = handleOf(socket);
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  if (typeof fd !== "number" || fd < 0) {
    process.stderr.write("nobody inherits QEMU's stream: this Node does not tell its number\n");
    return undefined;
  }
  const heir = spawn("sh", ["-c", heirScript], { detached: true, stdio: ["pipe", "ignore", "ignore", fd], cwd: "/" });
  heir.on("error", (error) => process.stderr.write(`nobody inherits QEMU's stream: ${error}\n`));
  heir.stdin?.on("error", () => undefined);
  heir.unref();
  return heir;
}
