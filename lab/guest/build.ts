import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { type OnPhase, phase } from "../phases.ts";
import { must, type RunOptions } from "../system/run.ts";
import { type CpioEntry, cpioArchive } from "./cpio.ts";
import { debianMirror, fetchEnv, suite } from "./debian.ts";
import { boxed, dropLeft, writeDisk } from "./disk.ts";
import { busybox, guestPackages, initramfsInit, rootfsDir } from "./inputs.ts";
import { bootModules, lateModules, readModules } from "./modules.ts";

export const webDiskMiB = 1024;
export interface BuildOptions {
  /** An empty directory: everything is made here, and only the four files of the image remain. */
  dir: string;
  kernel: { package: string };
  onPhase?: OnPhase;
  signal?: AbortSignal;
}

/** Builds root.qcow2, vmlinuz and initrd.img in `dir`. As root; about a minute, most of it debootstrap. */
export async function buildImage(options: BuildOptions): Promise<void> {
  const { dir, onPhase, signal } = options;
  const limits: RunOptions = { timeoutMs: 480_000, env: fetchEnv(), ...(signal ? { signal } : {}) };
  const root = path.join(dir, "root");
  const kernelDir = path.join(dir, "kernel");
  await phase("guest image: kernel", onPhase, async (say) => {
    await mkdir(kernelDir, { recursive: true });
    await must(["apt-get", "download", "-o", "APT::Sandbox::User=root", options.kernel.package], {
      ...limits,
      cwd: kernelDir,
    });
    const deb = (await readdir(kernelDir)).find((file) => file.endsWith(".deb")) ?? "";
    await must(["dpkg-deb", "-x", path.join(kernelDir, deb), kernelDir], limits);
    const kernels = await readdir(path.join(kernelDir, "boot"));
    await cp(
      path.join(kernelDir, "boot", kernels.find((file) => file.startsWith("vmlinuz-")) ?? "vmlinuz"),
      path.join(dir, "vmlinuz"),
    );
    say(options.kernel.package);
  });
  await phase("guest image: Debian", onPhase, async (say) => {
    const mirror = await debianMirror(limits);
    const lastStep = (text: string) => {
      const line = text.trim().split("\n").at(-1);
      if (line?.startsWith("I: ")) say(line.slice(3));
    };
    const include = `--include=${guestPackages.join(",")}`;
    await must(boxed(["debootstrap", "--variant=minbase", include, suite, root, mirror]), {
      ...limits,
      onOutput: lastStep,
    });
  });
  await phase("guest image: disk", onPhase, async () => {
    await fillRoot(root, kernelDir);
    await writeFile(path.join(dir, "initrd.img"), await initramfs(kernelDir));
    await writeDisk(root, dir, webDiskMiB, limits);
    for (const file of [root, kernelDir]) await rm(file, { recursive: true, force: true });
  });
}

async function fillRoot(root: string, kernelDir: string): Promise<void> {
  await dropLeft(root);
  await cp(rootfsDir, root, { recursive: true });
  const modulesDir = path.join(root, "usr/lib/belay/modules");
  await mkdir(modulesDir, { recursive: true });
  for (const module of await readModules(kernelDir, lateModules))
    await writeFile(path.join(modulesDir, `${module.name}.ko`), module.data);
  for (const name of ["init", "poweroff", "reboot", "halt"]) {
    const link = path.join(root, "usr/sbin", name);
    await rm(link, { force: true });
    await symlink("/bin/busybox", link);
  }
}

async function initramfs(kernelDir: string): Promise<Buffer> {
  const modules = await readModules(kernelDir, bootModules);
  const directories = ["bin", "dev", "proc", "root", "modules"].map(
    (at): CpioEntry => ({ kind: "directory", path: at }),
  );
  return cpioArchive([
    ...directories,
    // The kernel opens it for init before devtmpfs is there.
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "file", path: "init", data: await readFile(initramfsInit), executable: true },
    { kind: "file", path: "bin/busybox", data: await readFile(busybox), executable: true },
    ...modules.map(({ name, data }): CpioEntry => ({ kind: "file", path: `modules/${name}.ko`, data })),
    { kind: "file", path: "modules/order", data: Buffer.from(modules.map(({ name }) => `${name}.ko\n`).join("")) },
  ]);
}
