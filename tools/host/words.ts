import type { HostCheck, HostView, VmView } from "../../lib/contract/index.ts";

/** What `npm run host` prints. */

/** A line per check, and the cure below each that failed. */
export const checkLines = (checks: readonly HostCheck[]): string[] =>
  checks.flatMap(({ name, ok, found, cure }) => [
    `  ${ok ? "✓" : "✗"} ${name.padEnd(10)} ${found}`,
    ...(ok || cure === null ? [] : cure.split("\n").map((line) => `      ${line}`)),
  ]);

/** Columns as wide as their longest entry. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}

export const hostLines = (hosts: readonly HostView[], vms: readonly VmView[]): string[] =>
  hosts.length === 0
    ? ["  No host is watched yet.  npm run host -- add qemu+ssh://root@ADDRESS/system"]
    : table([
        ["NAME", "STATE", "VMS", "FAULT INJECTION", "ADDRESS"],
        ...hosts.map(({ id, name, state, faultInjection, uri }) => [
          name,
          state,
          String(vms.filter(({ hostId }) => hostId === id).length),
          faultInjection ? "allowed" : "off",
          uri,
        ]),
      ]);

export const keyLines = (uri: string, algorithm: string, hostKeySha256: string): string[] => [
  `The host at ${uri} shows this key:`,
  "",
  `    ${hostKeySha256}  (${algorithm})`,
  "",
  "Compare it with what the host itself says, on its own console:",
  "    for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done",
  "",
];
