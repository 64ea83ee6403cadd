import { existsSync } from "node:fs";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { type OnPhase, phase } from "../../phases.ts";
import { LabError } from "../../system/error.ts";
import { must, type RunOptions } from "../../system/run.ts";
import { debianMirror, fetchEnv } from "../debian.ts";
import { boxed, dropLeft, writeDisk } from "../disk.ts";
import { installScript, serversData, serversRootfs } from "../inputs.ts";
import { makeArchives } from "./archives.ts";
import { applets, serverPackages } from "./lists.ts";

export interface ServersOptions {
  /** An empty directory: the two images' directories are made in it, and nothing else remains. */
  readonly dir: string;
  /** The image `web`, which both begin with. */
  readonly web: string;
  readonly onPhase?: OnPhase;
  readonly signal?: AbortSignal;
}

const installTimeoutMs = 480_000;
/** Users whom the packages make; they are in `bare` too, so that the files of an archive have the owners they should. */
const accounts = ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"];

/**
 * Builds `bare` and `prepared` below `dir`, together: the archives for the one are cut out of the other. As root; about a minute and a
 * half, most of it dpkg.
 */
export async function buildServerImages(options: ServersOptions): Promise<void> {
  const { dir, web, onPhase, signal } = options;
  const limits: RunOptions = { timeoutMs: installTimeoutMs, env: fetchEnv(), ...(signal ? { signal } : {}) };
  const bare = path.join(dir, "bare-root");
  const installed = path.join(dir, "prepared-root");
  const done = { bare: path.join(dir, "bare"), prepared: path.join(dir, "prepared") };

  await phase("server images: system", onPhase, async () => {
    const raw = path.join(dir, "web.raw");
    await must(["qemu-img", "convert", "-O", "raw", path.join(web, "root.qcow2"), raw], limits);
    await mkdir(bare);
    // Without a loop device: not every container lets one be made.
    await must(["debugfs", "-R", `rdump / ${bare}`, raw], limits);
    await rm(raw);
    if (!existsSync(path.join(bare, "usr/sbin/dropbear")))
      throw new LabError(`${path.join(web, "root.qcow2")} cannot be read`, "remove its directory and build it again");
    await rm(path.join(bare, "lost+found"), { recursive: true, force: true });
    await must(["cp", "-a", bare, installed], limits);
  });
  await phase("server images: packages", onPhase, async (say) => {
    const mirror = await debianMirror(limits);
    await must(boxed(["sh", installScript, installed, mirror, ...serverPackages]), {
      ...limits,
      onOutput: (text) => {
        const line = text.trim().split("\n").at(-1);
        if (line && /^(Get|Unpacking|Setting up|Processing|Making)/.test(line)) say(line.slice(0, 70));
      },
    });
    say(`${serverPackages.length} packages and what they need`);
  });
  await phase("server images: archives", onPhase, async (say) => {
    await cp(serversData, installed, { recursive: true });
    for (const file of accounts) await cp(path.join(installed, file), path.join(bare, file));
    await makeArchives({ installed, bare }, path.join(done.bare, "servers"), limits, say);
  });
  for (const [name, root] of [
    ["bare", bare],
    ["prepared", installed],
  ] as const)
    await phase(`server images: ${name}`, onPhase, async () => {
      await dropLeft(root);
      await cp(serversRootfs, root, { recursive: true });
      await addApplets(root);
      await mkdir(done[name], { recursive: true });
      for (const file of ["vmlinuz", "initrd.img"]) await cp(path.join(web, file), path.join(done[name], file));
      await writeDisk(root, done[name], serverDiskMiB, limits);
      await rm(root, { recursive: true, force: true });
    });
  const servers = path.join(done.prepared, "servers");
  await must(["cp", "-a", "--link", path.join(done.bare, "servers"), servers], limits);
}

/** Room for a database and its logs. */
export const serverDiskMiB = 2048;

async function addApplets(root: string): Promise<void> {
  const local = path.join(root, "usr/local/bin");
  await mkdir(local, { recursive: true });
  for (const name of applets) {
    await rm(path.join(local, name), { force: true });
    await symlink("/bin/busybox", path.join(local, name));
  }
}
