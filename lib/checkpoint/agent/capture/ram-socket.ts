import { createServer, type Server, type Socket } from "node:net";
import type { WorkFiles } from "../work-files.ts";

/** What is returned is waited for before more is read. */
type TakeData = (chunk: Uint8Array) => Promise<void> | undefined;

/**
 * The unix socket that QEMU writes its stream to. We listen ourselves: a command (`exec:`) is refused to a QEMU of libvirt's, and kills it.
 */
export class RamSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #files: WorkFiles;
  #socket: Socket | undefined;
  /** Resolves when QEMU has closed it; rejects with what `onData` threw. */
  readonly ended: Promise<void>;

  private constructor(path: string, files: WorkFiles, onData: TakeData) {
    this.path = path;
    this.#files = files;
    let fail: (error: unknown) => void = () => undefined;
    let end = () => {};
    this.ended = new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    this.ended.catch(() => undefined); // whoever waits for it hears it; nobody may
    this.#server = createServer({ highWaterMark: 1024 * 1024 }, (socket) => {
      if (this.#socket) return void socket.destroy();
      this.#socket = socket;
      socket.on("error", fail);
      socket.on("end", end);
      socket.on("data", (chunk) => {
        try {
          const busy = onData(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
          if (!busy) return;
          socket.pause();
          busy.then(() => socket.resume(), fail);
        } catch (error) {
          socket.destroy();
          fail(error);
        }
      });
    });
  }

  static async listen(path: string, files: WorkFiles, onData: TakeData): Promise<RamSocket> {
    await files.remove(path);
    const made = new RamSocket(path, files, onData);
    await new Promise<void>((resolve, reject) => {
      made.#server.once("error", reject);
      made.#server.listen(path, resolve);
    });
    return made;
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#files.remove(this.path);
  }
}
