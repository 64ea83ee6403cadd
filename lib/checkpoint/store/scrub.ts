import { setTimeout as delay } from "node:timers/promises";
import { DamagedData } from "../words.ts";
import type { Core } from "./core.ts";
import { isDiskFault } from "./files.ts";
import { Marks } from "./marks.ts";
import { marksOf } from "./read.ts";
import { lookAt } from "./verify.ts";

/**
 * One round over everything that a checkpoint needs: each manifest, then each segment's pages. `pace` is told the bytes of each file and
 * may wait. What is found is told by the store's `onDamage`.
 */
export async function scrubOnce(
  core: Core,
  pace: (bytes: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const needed = new Marks();
  for (const manifest of core.manifests.every()) {
    if (signal.aborted) return;
    if (!manifest.read) continue;
    try {
      await core.manifests.check(manifest);
      if (!manifest.dropped) needed.addAll(marksOf((await core.manifests.contributed(manifest)).values()));
    } catch (error) {
      // It may have been dropped and taken away while it was read.
      const isFound = error instanceof DamagedData || isDiskFault(error);
      if (isFound && core.manifests.every().includes(manifest)) await core.damage.noteManifest(manifest, error);
    }
    await pace(manifest.bytes);
  }
  for (const number of needed.numbers()) {
    if (signal.aborted) return;
    const info = core.segments.known.get(number);
    const still = needed.slots(number, 256).filter((slot) => !info?.retired?.has(number, slot));
    if (info) await pace(await lookAt(core, number, still));
  }
}

/** Scrubs for ever, slowly, so that other work does not feel it. */
export async function scrubAlways(
  core: Core,
  options: { readonly bytesPerSecond: number; readonly restMs: number; readonly onTrouble: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> {
  const rest = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  const pace = (bytes: number) => rest((bytes / options.bytesPerSecond) * 1000);
  await core.ready.catch(() => {});
  while (!signal.aborted) {
    await rest(options.restMs);
    if (signal.aborted) return;
    await scrubOnce(core, pace, signal).catch(options.onTrouble);
  }
}
