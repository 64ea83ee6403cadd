import { mkdir, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import path from "node:path";

export const agentDir = "/var/lib/libvirt/belay-host";

export interface CaptureMark {
  readonly checkpoint: string;
  readonly method: string;
}

/**
 * Files of captures that are going on, and marks of what has to be taken back should this process be killed: all begin with the VM's UUID.
 * `UUID.capturing`: a capture is going on. `UUID.held`: we stop the guest. `UUID.saved`: its state is in `UUID.save` and nowhere else.
 */
export class WorkFiles {
  readonly dir: string;
  /** What captures that go on may still write here, by VM: two that look for room at once must not count the same twice. */
  readonly #promised = new Map<string, number>();
  constructor(dir = path.join(agentDir, "work")) {
    this.dir = dir;
  }

  async make(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
  }

  path(uuid: string, name: string): string {
    return path.join(this.dir, `${uuid}.${name}`);
  }

  held(uuid: string): string {
    return this.path(uuid, "held");
  }

  /** Written before the deed that it stands for. Our own death is what it survives, not the host's. */
  async mark(file: string, words = ""): Promise<void> {
    await writeFile(file, words, { mode: 0o600 });
  }

  capturing(uuid: string): string {
    return this.path(uuid, "capturing");
  }

  async markCapture({ uuid, checkpoint, method }: CaptureMark & { readonly uuid: string }): Promise<void> {
    await this.mark(this.capturing(uuid), `${checkpoint} ${method}`);
  }

  async captureMark(uuid: string): Promise<CaptureMark | undefined> {
    const [checkpoint, method] = (await this.read(this.capturing(uuid)))?.split(" ") ?? [];
    return checkpoint === undefined ? undefined : { checkpoint, method: method ?? "" };
  }

  async read(file: string): Promise<string | undefined> {
    return await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
  }

  async remove(file: string): Promise<void> {
    await rm(file, { force: true });
  }

  /** Names of all files, without the directory. */
  async list(): Promise<string[]> {
    return await readdir(this.dir).catch(() => []);
  }

  /** 0: nothing more. */
  promise(uuid: string, bytes: number): void {
    if (bytes > 0) this.#promised.set(uuid, bytes);
    else this.#promised.delete(uuid);
  }

  /** To captures of other VMs. */
  promisedBeside(uuid: string): number {
    let sum = 0;
    for (const [other, bytes] of this.#promised) if (other !== uuid) sum += bytes;
    return sum;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.dir);
    return bavail * bsize;
  }
}
