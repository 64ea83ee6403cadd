import { execFile } from "node:child_process";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const toolMs = 30_000;

/** An empty image over an immutable one: what the restored guest writes to. */
export async function makeOverlay(overlay: {
  readonly path: string;
  readonly base: string;
  readonly sizeBytes: number;
}) {
  await rm(overlay.path, { force: true });
  const size = String(Math.ceil(overlay.sizeBytes / 512) * 512);
  await run("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", overlay.base, overlay.path, size], {
    timeout: toolMs,
  });
}

/** `ROOT.belay-UUID8-TOKEN.qcow2` over `ROOT.belay-UUID8-TOKEN.base`: both belong to one restore of one VM. */
const ours = /^(.+\.belay-[0-9a-f]{8}-)[A-Za-z0-9_-]+\.qcow2$/;

/**
 * Removes what older restores of this VM's disk have left. What a definition names stays, whatever its age (`named`): what the VM was made of
 * right before, and before the repair; so does, beside those, the youngest, by when it was last written to: times of files say little where
 * storage was copied. What Belay has not made is never removed: the disk that the VM was made with stays until a person removes it.
 */
export async function tidyDisks(current: string, named: (file: string) => boolean): Promise<void> {
  const directory = path.dirname(current);
  const stem = ours.exec(path.basename(current))?.[1];
  if (stem === undefined) return;
  const found: { readonly file: string; readonly writtenAt: number }[] = [];
  for (const name of await readdir(directory)) {
    if (ours.exec(name)?.[1] !== stem) continue;
    const file = path.join(directory, name);
    if (file === current || named(file)) continue;
    found.push({ file, writtenAt: (await stat(file).catch(() => undefined))?.mtimeMs ?? 0 });
  }
  found.sort((a, b) => b.writtenAt - a.writtenAt);
  for (const { file } of found.slice(1)) {
    await rm(file.replace(/\.qcow2$/, ".base"), { force: true });
    await rm(file, { force: true });
  }
}
