import { createHash } from "node:crypto";
import { existsSync, lstatSync } from "node:fs";
import { mkdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { must, type RunOptions } from "../../system/run.ts";
import { elfSection } from "./elf.ts";
import { type ServerArchive, serverArchives } from "./lists.ts";

export const archiveManifest = z.array(
  z.object({
    name: z.enum(["httpd", "php", "haproxy", "mariadb"]),
    /** Beside the manifest. */
    file: z.string(),
    sha256: z.string(),
    bytes: z.number().int(),
    unpackedBytes: z.number().int(),
    /** Debian's, of the package that it is cut out of. */
    version: z.string(),
  }),
);
/** One server as an archive: unpacked over a `bare` file system it runs from Debian's own paths. */
export type ServerArchiveInfo = z.infer<typeof archiveManifest>[number];

/** Tables of ICU: 30 MB, drawn in by libxml2 for character sets that nothing here has. Their place is kept, empty. */
const emptied = /^libicudata\.so\./;

export interface Trees {
  /** With the servers installed. */
  readonly installed: string;
  /** What the archive will be unpacked over. */
  readonly bare: string;
}

/**
 * Shared objects that these files load, as links and as what they lead to, below the root; without what `bare` has. The loader itself is
 * asked: `ldd` is a script that wants a whole /dev.
 */
async function librariesOf(
  { installed, bare }: Trees,
  files: readonly string[],
  limits: RunOptions,
): Promise<string[]> {
  const found = new Set<string>();
  for (const file of files) {
    const said = await must(["chroot", installed, "/lib64/ld-linux-x86-64.so.2", "--list", `/${file}`], limits);
    for (const [, name = ""] of said.matchAll(/=> (\/\S+) \(0x/g)) {
      const real = path.relative(installed, await realpath(path.join(installed, name)));
      const link = path.join("usr", path.relative("/", name).replace(/^usr\//, "")); // Debian's /lib is a link to it
      for (const one of [link, real]) if (!existsSync(path.join(bare, one))) found.add(one);
    }
  }
  return [...found];
}

/** Copies what the archive is to hold, holes as holes. */
async function stage(trees: Trees, archive: ServerArchive, staging: string, limits: RunOptions): Promise<void> {
  const { installed } = trees;
  const libraries = await librariesOf(trees, archive.programs, limits);
  const files = archive.files.filter((file) => lstatSync(path.join(installed, file), { throwIfNoEntry: false }));
  await mkdir(staging);
  await must(["cp", "-a", "--parents", "--sparse=always", ...archive.programs, ...files, ...libraries, staging], {
    ...limits,
    cwd: installed,
  });
  for (const library of libraries.filter((file) => emptied.test(path.basename(file)))) {
    const file = path.join(staging, library);
    const content = await readFile(file).catch(() => undefined); // the link may lead to what comes after it
    const tables = content && elfSection(content, ".rodata");
    if (!content || !tables) continue;
    await writeFile(file, content.fill(0, tables.at, tables.at + tables.bytes));
    await must(["fallocate", "--dig-holes", file], limits);
  }
}

async function pack(trees: Trees, archive: ServerArchive, dir: string, limits: RunOptions): Promise<ServerArchiveInfo> {
  const staging = path.join(dir, `${archive.name}.staging`);
  await stage(trees, archive, staging, limits);
  const [, version = ""] = (await must(["chroot", trees.installed, "dpkg-query", "-W", archive.package], limits))
    .trim()
    .split("\t");
  // Last in the archive: where it lies, everything before it does. `prepared` has it too.
  const mark = `usr/lib/belay/servers/${archive.name}`;
  for (const root of [staging, trees.installed]) {
    await mkdir(path.join(root, path.dirname(mark)), { recursive: true });
    await writeFile(path.join(root, mark), `${version}\n`);
  }
  const file = `${archive.name}.tar.gz`;
  const whole = path.join(dir, file);
  const tar = [
    "tar",
    "--format=gnu",
    "--numeric-owner",
    "--mtime=@0",
    "--file",
    `${whole}.tar`,
    "--directory",
    staging,
  ];
  const tops = (await must(["ls", staging], limits)).trim().split("\n");
  await must([...tar, "--create", "--sparse", "--sort=name", "--exclude", mark, ...tops], limits);
  await must([...tar, "--append", mark], limits);
  await must(["gzip", "-9", "--no-name", `${whole}.tar`], limits);
  await must(["mv", `${whole}.tar.gz`, whole], limits);
  const unpacked = await must(["du", "--summarize", "--bytes", staging], limits);
  await rm(staging, { recursive: true });
  return {
    name: archive.name,
    file,
    sha256: createHash("sha256")
      .update(await readFile(whole))
      .digest("hex"),
    bytes: (await stat(whole)).size,
    unpackedBytes: Number.parseInt(unpacked, 10),
    version,
  };
}

/** Makes all archives in `dir`, with a manifest. */
export async function makeArchives(
  trees: Trees,
  dir: string,
  limits: RunOptions,
  say: (words: string) => void,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const made: ServerArchiveInfo[] = [];
  for (const archive of serverArchives) {
    say(archive.name);
    made.push(await pack(trees, archive, dir, limits));
  }
  await writeFile(path.join(dir, "manifest.json"), `${JSON.stringify(made, null, 2)}\n`);
}
