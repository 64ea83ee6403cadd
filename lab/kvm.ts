import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { GuestImage } from "./guest/image.ts";
import { machineCacheDir } from "./paths.ts";
import { readText, writeJson } from "./system/files.ts";
import { machineBootId } from "./system/process.ts";
import { run } from "./system/run.ts";

const verdict = z.object({ bootId: z.string(), usable: z.boolean(), detail: z.string() });
export type KvmVerdict = z.infer<typeof verdict>;

const file = path.join(machineCacheDir, "kvm.json");
const probeTimeoutMs = 15_000;

/**
 * Whether a guest really boots with KVM here. That /dev/kvm opens proves nothing: on some nested machines QEMU then hangs. So a
 * kernel is booted with a time-out, once per start of the machine.
 */
export async function kvmUsable(image: GuestImage): Promise<KvmVerdict> {
  const bootId = await machineBootId();
  if (!existsSync("/dev/kvm")) return { bootId, usable: false, detail: "emulation: there is no /dev/kvm" };
  const known = verdict.safeParse(JSON.parse((await readText(file)) ?? "null"));
  if (known.success && known.data.bootId === bootId) return known.data;
  const found = { bootId, ...(await bootProbe(image)) };
  await writeJson(file, found);
  return found;
}

async function bootProbe(image: GuestImage): Promise<{ usable: boolean; detail: string }> {
  const machine = [
    "-machine",
    "q35",
    "-accel",
    "kvm",
    "-cpu",
    "host",
    "-m",
    "128",
    "-nodefaults",
    "-display",
    "none",
    "-no-reboot",
  ];
  const kernel = ["-kernel", path.join(image.dir, "vmlinuz"), "-initrd", path.join(image.dir, "initrd.img")];
  const argv = [
    "qemu-system-x86_64",
    ...machine,
    ...kernel,
    "-append",
    "console=ttyS0 quiet panic=-1 belay.probe",
    "-serial",
    "stdio",
  ];
  try {
    const done = await run(argv, { timeoutMs: probeTimeoutMs });
    if (done.code === 0 && done.stdout.includes("belay probe: alive"))
      return { usable: true, detail: "KVM: a guest booted with it" };
    return {
      usable: false,
      detail: `emulation: KVM does not work (${done.stderr.trim().split("\n").at(-1)?.slice(0, 120) || "no boot"})`,
    };
  } catch {
    return { usable: false, detail: `emulation: with KVM a guest did not boot within ${probeTimeoutMs / 1000} s` };
  }
}
