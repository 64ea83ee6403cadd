import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ManagerError } from "../servers.ts";
import { type Script, sh } from "../ssh/index.ts";
import { limits, type Site } from "./site.ts";
import { type TarEntry, tarOf } from "./tar.ts";
import { fillIn } from "./template.ts";

/** Of these each must be on the VM; names of one list stand for each other. */
export type Programs = readonly (readonly string[])[];

/** Programs (by archive or packages, unless the image has them), then files, then what is the kind's own. */
export async function deploy(site: Site, programs: Programs, prepare: () => Promise<void>): Promise<void> {
  const { server, act, shell, paths } = site;
  const within = limits(site, server.withinSeconds.deploy * 1000);
  const { config, state, log } = paths;
  // An archive that was cut off leaves programs without what they need.
  const half = `${state}/unpacking`;
  const found = await shell.run(
    `look for ${server.kind}`,
    sh`mkdir -p ${config} ${state} ${log}
[ ! -e ${half} ] || exit 1
${present(programs)}`,
    within,
  );
  if (found.code === 0) act.progress(null, `the image has its programs.`);
  else if (server.archive !== undefined) await unpack(site, server.archive, half);
  else if (server.packages.length > 0) await install(site);
  else
    throw new ManagerError({
      code: "noPrograms",
      message: `${server.vm} has no ${programs.map(([first]) => first).join(", ")} for ${server.name}.`,
      cure: "Name an archive or packages for the server, or an image that has it.",
    });
  if (found.code !== 0) await shell.must(`look for ${server.kind} again`, present(programs), within);
  const entries = await filesOf(site);
  if (entries.length > 0) {
    const done = await shell.feed("files", sh`exec tar -xf - -C / --no-same-owner`, tarOf(entries), within);
    if (done.code !== 0)
      throw new ManagerError({
        code: "commandFailed",
        message: `${server.name}: its files cannot be written.`,
        output: done.stderr,
      });
    act.progress(null, `${entries.length} files written.`);
  }
  await prepare();
}

const present = (programs: Programs): Script =>
  sh`export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
${programs.map((names) => sh`{ ${orElse(names)}; } > /dev/null 2>&1 || { echo ${`not there: ${names.join(", ")}`} >&2; exit 1; }`)}`;

const orElse = (names: readonly string[]): Script =>
  names.slice(1).reduce((all, name) => sh`${all} || command -v ${name}`, sh`command -v ${names[0] ?? "false"}`);

async function unpack(site: Site, name: string, half: string): Promise<void> {
  const { server, act, shell, context } = site;
  const archive = context.description.archives[name];
  if (archive === undefined)
    throw new ManagerError({
      code: "noArchive",
      message: `There is no archive ${name}.`,
      cure: "Add it under `archives`, with its sha256.",
    });
  const within = limits(site, server.withinSeconds.deploy * 1000);
  const file = await archiveFile(site, archive);
  const sha256 = await sha256Of(file);
  if (sha256 !== archive.sha256)
    throw new ManagerError({
      code: "wrongChecksum",
      message: `The archive ${name} has the SHA-256 ${sha256}, and ${archive.sha256} is expected.`,
      cure: "Fetch the archive again, or correct its sha256 in the description.",
    });
  const { size } = await stat(file);
  const content = Readable.from(
    counted(file, size, (percent) => act.progress(percent, "its archive is sent and unpacked.")),
  );
  const done = await shell.feed(
    `unpack ${name}`,
    sh`touch ${half} && tar -xzf - -C / && rm -f ${half}`,
    content,
    within,
  );
  if (done.code !== 0)
    throw new ManagerError({
      code: "commandFailed",
      message: `${server.name}: its archive cannot be unpacked.`,
      output: done.stderr,
    });
}

/** Told as it is taken: what listens to a stream itself would set it going before anybody takes it. */
async function* counted(file: string, size: number, tell: (percent: number) => void): AsyncGenerator<Buffer> {
  let sentBytes = 0;
  for await (const chunk of createReadStream(file)) {
    sentBytes += chunk.length;
    yield chunk;
    tell(Math.round((100 * sentBytes) / size));
  }
}

/** An archive that is fetched is kept under its checksum, and fetched once. */
async function archiveFile(
  { context, act }: Site,
  archive: { file?: string | undefined; url?: string | undefined; sha256: string },
) {
  if (archive.file !== undefined) return path.resolve(context.directory, archive.file);
  const kept = path.join(context.stateDir, "archives", archive.sha256);
  if (await stat(kept).catch(() => undefined)) return kept;
  const reply = await fetch(archive.url ?? "", { signal: act.signal });
  if (!reply.ok || reply.body === null)
    throw new ManagerError({
      code: "noArchive",
      message: `${archive.url} answers ${reply.status}.`,
      cure: "Correct the archive's url in the description, or fetch it yourself and name it by `file`.",
    });
  await mkdir(path.dirname(kept), { recursive: true });
  const draft = `${kept}.${process.pid}.part`;
  await pipeline(bytesOf(reply.body), createWriteStream(draft));
  const sha256 = await sha256Of(draft);
  if (sha256 === archive.sha256) await rename(draft, kept);
  else await rm(draft);
  return sha256 === archive.sha256 ? kept : draft;
}

async function* bytesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (cause) {
    throw new ManagerError(
      {
        code: "noArchive",
        message: `The archive ${file} cannot be read.`,
        cure: "Put it there, or correct the archive's file in the description.",
      },
      { cause },
    );
  }
  return hash.digest("hex");
}

async function install(site: Site): Promise<void> {
  const { server, act, shell } = site;
  act.progress(null, `packages are installed.`);
  await shell.must(
    "install packages",
    sh`export DEBIAN_FRONTEND=noninteractive
apt-get -q install -y --no-install-recommends ${server.packages} < /dev/null ||
  { apt-get -q update < /dev/null && apt-get -q install -y --no-install-recommends ${server.packages} < /dev/null; }`,
    limits(site, server.withinSeconds.deploy * 1000),
  );
}

/** The files of the description, templates filled in. A directory comes with all that is in it. */
async function filesOf({ server, context }: Site): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const file of server.files) {
    const mode = file.mode;
    const add = (to: string, data: Buffer) =>
      entries.push({
        path: to,
        mode,
        data: file.template ? Buffer.from(fillIn(data.toString("utf8"), server.name, context)) : data,
      });
    if (file.content !== undefined) add(file.to, Buffer.from(file.content));
    if (file.from === undefined) continue;
    const from = path.resolve(context.directory, file.from);
    if (!(await stat(from)).isDirectory()) add(file.to, await readFile(from));
    else
      for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
        const here = path.join(entry.parentPath, entry.name);
        if (entry.isFile())
          add(path.posix.join(file.to, path.relative(from, here).split(path.sep).join("/")), await readFile(here));
      }
  }
  return entries;
}
