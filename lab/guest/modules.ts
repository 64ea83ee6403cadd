import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { LabError } from "../system/error.ts";

/** What the first file system loads to reach disk, network and seed, and so that a panic is told from the start. */
export const bootModules = ["virtio_pci", "virtio_blk", "virtio_net", "isofs", "pvpanic-mmio"];
/** What the guest's services load when they start (rootfs/usr/lib/belay). */
export const lateModules = ["virtio_console", "virtio_balloon", "rng-core", "virtio-rng", "evdev", "button"];

/** Names a module depends on, from the `depends=` entry of its .modinfo section (NUL-separated text in the file). */
export function dependsOf(module: Uint8Array): string[] {
  const text = Buffer.from(module).toString("latin1");
  const found = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "";
  return found.split(",").filter((name) => name !== "");
}

/** Modules and all they depend on, dependencies first: insmod, unlike modprobe, resolves nothing. */
export function loadOrder(wanted: readonly string[], depends: (name: string) => readonly string[]): string[] {
  const order: string[] = [];
  const visit = (name: string) => {
    if (order.includes(name)) return;
    for (const needed of depends(name)) visit(needed);
    order.push(name);
  };
  for (const name of wanted) visit(name);
  return order;
}

/** Reads the .ko files of a kernel package that was unpacked into `kernelDir`. Names built into the kernel are left out. */
export async function readModules(
  kernelDir: string,
  wanted: readonly string[],
): Promise<Array<{ name: string; data: Buffer }>> {
  const files = await readdir(path.join(kernelDir, "lib/modules"), { recursive: true });
  const places = new Map(
    files.filter((file) => file.endsWith(".ko")).map((file) => [path.basename(file, ".ko"), file]),
  );
  const builtin = files.find((file) => path.basename(file) === "modules.builtin");
  const inside = builtin ? await readFile(path.join(kernelDir, "lib/modules", builtin), "utf8") : "";
  const isInside = (name: string) => new RegExp(`/${name.replace(/[-_]/g, "[-_]")}\\.ko`).test(inside);
  const data = new Map<string, Buffer>();
  const load = async (name: string): Promise<void> => {
    const place = places.get(name) ?? places.get(name.replaceAll("_", "-"));
    if (data.has(name)) return;
    if (!place) {
      if (isInside(name)) return;
      throw new LabError(`the kernel package has no module ${name}`);
    }
    const bytes = await readFile(path.join(kernelDir, "lib/modules", place));
    data.set(name, bytes);
    for (const needed of dependsOf(bytes)) await load(needed);
  };
  for (const name of wanted) await load(name);
  const order = loadOrder(
    [...wanted].filter((name) => data.has(name)),
    (name) => {
      const bytes = data.get(name);
      return bytes ? dependsOf(bytes) : [];
    },
  );
  return order.flatMap((name) => {
    const bytes = data.get(name);
    return bytes ? [{ name, data: bytes }] : [];
  });
}
