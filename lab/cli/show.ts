import type { GuestStatus, LabHost, LabState, Phase } from "../index.ts";
import { LabError } from "../index.ts";

/** Rows under headings, columns as wide as they need. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [head, ...rows].map(line).join("\n");
}

export function hostOf(lab: LabState, name: string): LabHost {
  const found = lab.hosts.find((host) => host.name === name);
  if (found) return found;
  throw new LabError(
    `lab "${lab.name}" has no host "${name}"`,
    `its hosts: ${lab.hosts.map((host) => host.name).join(", ")}`,
  );
}

export function labTable(lab: LabState): string {
  const head = `lab ${lab.name}: ${lab.subnet} on ${lab.bridge}, ${lab.kvm ? "KVM" : "emulation"}`;
  const rows = lab.hosts.map((host) => {
    return [host.name, host.address, powerOf(host), host.link, host.hostKeySha256, notesOf(host).join(", ")];
  });
  return `${head}\n${table(["host", "address", "power", "link", "host key", "besides"], rows)}`;
}

function powerOf({ power, offBecause }: LabHost): string {
  if (offBecause === "watchdog") return "off (reset by its watchdog)";
  return offBecause === "died" ? "off (died)" : power;
}

/** What else is to say of a host, besides power and cable, in words. */
export function notesOf(host: LabHost): string[] {
  const notes = [
    [host.control === "isolated", "isolated from this machine"],
    [host.bmc === "dark", "BMC dark"],
    [host.power === "on" && host.libvirtd === "off", "libvirtd dead"],
    [host.watchdog === "armed", "watchdog armed"],
  ] as const;
  return notes.flatMap(([there, words]) => (there ? [words] : []));
}

export function guestTable(guests: readonly GuestStatus[]): string {
  if (guests.length === 0) return "no guests";
  const rows = guests.map(({ name, address, host, seen }) => {
    return [name, address, host, seen.map((one) => `${one.state} on ${one.host}`).join(", ") || "its host is off"];
  });
  return table(["guest", "address", "made on", "now"], rows);
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`.padStart(8);

/**
 * Phases as lines: one when a phase ends, and on a terminal a line that is overwritten while it goes on. Short phases of which
 * nothing is to say print nothing.
 */
export function progress(out: NodeJS.WriteStream): (phase: Phase) => void {
  const live = (text: string) => {
    if (out.isTTY) out.write(`\r\x1b[K${text.slice(0, Math.max(20, out.columns - 1))}`);
  };
  return (phase) => {
    const text = `${seconds(phase.elapsedMs)}  ${phase.name}${phase.detail ? `: ${phase.detail}` : ""}`;
    if (phase.state !== "done") return live(text);
    live("");
    out.write(`${text}\n`);
  };
}
