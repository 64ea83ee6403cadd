/** So often the newest checkpoint of a VM is read whole, at most; and never two VMs' at once. */
export const verifyEachEveryMs = 60 * 60_000;

/** Whose newest checkpoint is read next: that of the VM whose last reading is longest ago. `undefined` ones were not read in this life. */
export function verifyNext<V extends string>(
  vms: Iterable<readonly [V, number | undefined]>,
  nowMs: number,
): V | undefined {
  let next: V | undefined;
  let since = nowMs - verifyEachEveryMs;
  for (const [vm, verifiedMs] of vms) {
    const at = verifiedMs ?? Number.NEGATIVE_INFINITY;
    if (at > since || (at === since && next !== undefined)) continue;
    next = vm;
    since = at;
  }
  return next;
}
