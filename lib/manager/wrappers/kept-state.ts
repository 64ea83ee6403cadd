import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Writable } from "node:stream";
import type { HandsContext } from "../servers.ts";

/** Saves of a server, on the manager's side: whole files, named by their time, the newest few kept. */
export interface Save {
  readonly file: string;
  readonly name: string;
  /** When it was begun, as people read it. */
  readonly at: string;
}

export interface KeptState {
  write(fill: (to: Writable) => Promise<void>): Promise<void>;
  newest(): Promise<Save | undefined>;
  readonly dir: string;
}

const keptSaves = 3;
/** 2026-11-23T16-40-00.000Z.save */
const timeOf = (name: string) => `${name.slice(0, 10)} ${name.slice(11, 19).replaceAll("-", ":")} UTC`;

export function keptState({ stateDir }: Pick<HandsContext, "stateDir">, server: string): KeptState {
  const dir = path.join(stateDir, "saves", server);
  const names = async () => (await readdir(dir).catch(() => [])).filter((name) => name.endsWith(".save")).sort();
  return {
    dir,
    async write(fill) {
      await mkdir(dir, { recursive: true });
      const name = `${new Date().toISOString().replaceAll(":", "-")}.save`;
      const draft = path.join(dir, `${name}.part`);
      try {
        await fill(createWriteStream(draft, { mode: 0o600 }));
        const handle = await open(draft, "r+");
        await handle.sync().finally(() => handle.close());
        await rename(draft, path.join(dir, name));
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      for (const old of (await names()).slice(0, -keptSaves)) await rm(path.join(dir, old), { force: true });
    },
    async newest() {
      const name = (await names()).at(-1);
      return name === undefined ? undefined : { name, file: path.join(dir, name), at: timeOf(name) };
    },
  };
}
