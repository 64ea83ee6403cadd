import type { CaptureWay } from "./method.ts";
import { writeProtected } from "./protected.ts";

/**
 * While the guest runs on, held back by a write-protection where it changes what is not written yet. Copying the memory ahead (ahead.ts) costs
 * the guest far less, and is not used here: in emulation a guest that was restored from such a copy panicked (`bench tearing` on a busy
 * machine, 2026-11-23), and it was never tried with KVM.
 */
export const background: CaptureWay = (context) => writeProtected(context);
