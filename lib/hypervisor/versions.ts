/** The oldest that Belay was written for: get_all_domain_stats, managed events and checkpoints all exist there. */
export const minimum = { libvirt: "6.0.0", qemu: "4.2.0" } as const;

/** Compares dotted version numbers part by part. */
export function atLeast(version: string, wanted: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of wanted.split(".").map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
