import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";

/** What a staging is, on the host's disk: read again after the agent, or the host, ended at any instant. */
const stagedFile = z.object({
  volume: z.string(),
  kind: z.enum(["memory", "devices", "disk"]),
  path: z.string(),
  sizeBytes: z.number(),
});
const content = z.object({
  checkpoint: z.string(),
  files: z.array(stagedFile),
  streamHead: z.nullable(z.string()),
  cookie: z.nullable(z.string()),
});
const record = z.object({
  version: z.literal(1),
  uuid: z.string(),
  key: z.string(),
  /** In the names of its files. */
  token: z.string(),
  /**
   * "filling": nothing of it may be used. "whole": it holds its content. "starting": a domain runs from its files, or is about to:
   * they are never changed any more.
   */
  phase: z.enum(["filling", "whole", "starting"]),
  content,
  /** What is in the file of changes, all of it: to be applied, once more if need be, and then the staging holds this. */
  redo: z.nullable(content),
});
export type StagingRecord = z.infer<typeof record>;
export type StagingContent = z.infer<typeof content>;
export type StagedFile = z.infer<typeof stagedFile>;

/** Written whole, on disk, then put in the place of the older one. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const directory = await open(path.dirname(file), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export class Records {
  readonly directory: string;
  constructor(directory: string) {
    this.directory = directory;
  }

  /** For its small files. */
  directoryOf = ({ uuid, key }: Pick<StagingRecord, "uuid" | "key">) => path.join(this.directory, `${uuid}.${key}`);
  redoOf = (it: Pick<StagingRecord, "uuid" | "key">) => path.join(this.directoryOf(it), "redo");
  #fileOf = (it: Pick<StagingRecord, "uuid" | "key">) => path.join(this.directoryOf(it), "record.json");

  async write(it: StagingRecord): Promise<void> {
    await mkdir(this.directoryOf(it), { recursive: true, mode: 0o700 });
    await writeWhole(this.#fileOf(it), JSON.stringify(it));
  }

  /** undefined: there is none, or none that can be read. */
  async read(it: Pick<StagingRecord, "uuid" | "key">): Promise<StagingRecord | undefined> {
    try {
      const found = record.safeParse(JSON.parse(await readFile(this.#fileOf(it), "utf8")));
      return found.success ? found.data : undefined;
    } catch {
      return undefined;
    }
  }

  async all(): Promise<StagingRecord[]> {
    const names = await readdir(this.directory).catch(() => []);
    const found = await Promise.all(
      names.map((name) => {
        const dot = name.indexOf(".");
        return this.read({ uuid: name.slice(0, dot), key: name.slice(dot + 1) });
      }),
    );
    return found.filter((it) => it !== undefined);
  }

  /** The record and its small files; what lies elsewhere is its owner's. */
  async remove(it: Pick<StagingRecord, "uuid" | "key">): Promise<void> {
    await rm(this.#fileOf(it), { force: true });
    await rm(this.directoryOf(it), { recursive: true, force: true });
  }
}
