import { readFile } from "node:fs/promises";
import { arch, cpus, release, totalmem } from "node:os";
import { runCommand } from "../kit/command.ts";

/** What a figure depends on besides our code. null: not on this machine. */
export interface MachineFacts {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
  readonly libvirt: string | null;
  readonly qemu: string | null;
}

export async function machineFacts(): Promise<MachineFacts> {
  const [libvirt, qemu, system] = await Promise.all([
    versionOf("libvirtd"),
    versionOf(arch() === "arm64" ? "qemu-system-aarch64" : "qemu-system-x86_64"),
    readFile("/etc/os-release", "utf8").catch(() => ""),
  ]);
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    cpu: processors[0]?.model.trim() ?? arch(),
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? process.platform,
    kernel: release(),
    node: process.versions.node,
    libvirt,
    qemu,
  };
}

/** The first thing that looks like a version in what `--version` prints. */
async function versionOf(program: string): Promise<string | null> {
  const { ok, output } = await runCommand(program, ["--version"], { deadlineMs: 10_000 });
  return ok ? (/\d+(\.\d+)+/.exec(output)?.[0] ?? null) : null;
}
