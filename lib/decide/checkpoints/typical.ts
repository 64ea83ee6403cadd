import type { CaptureMethod } from "../../model/index.ts";

/** What a capture costs the guest (ms of its time) and how long it lasts until it is whole. */
export interface CaptureCost {
  readonly costMs: number;
  readonly tookMs: number;
}

/**
 * What is assumed before the first capture of a VM: fixed part and part per MiB of memory, rounded up from what was measured with guests of
 * 256 MiB and 1 GiB on QEMU 7.2. The VM's own figures replace it as soon as there are any.
 */
const typical: Record<CaptureMethod, { cost: readonly [number, number]; took: readonly [number, number] }> = {
  background: { cost: [30, 0.05], took: [400, 1.5] },
  live: { cost: [80, 0.1], took: [600, 2.5] },
  stop: { cost: [100, 4], took: [100, 4] },
  "disk-only": { cost: [40, 0], took: [1_000, 0] },
};

export function typicalCost(method: CaptureMethod, memoryMiB: number): CaptureCost {
  const of = ([fixed, perMiB]: readonly [number, number]) => Math.round(fixed + perMiB * memoryMiB);
  const { cost, took } = typical[method];
  return { costMs: of(cost), tookMs: of(took) };
}
