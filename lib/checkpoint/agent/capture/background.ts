import type { CaptureWay } from "./method.ts";
import { writeProtected } from "./protected.ts";

/**
 * While the guest runs on, held back by a write-protection where it changes what is not written yet. Copying the memory ahead (ahead.ts) costs
 * the guest an eighth of it, and is not used here. QEMU 7.2 that emulates the processor loses writes between two of its looks at what changed:
 * compared with the memory of the guest as it stood, 3 of 16 such streams had 2 to 8 old pages, all of them slow ones (2026-11-23), and a guest
 * restored from such a copy panicked. With KVM it was never tried.
 */
export const background: CaptureWay = (context) => writeProtected(context);
