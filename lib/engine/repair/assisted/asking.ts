import type { Asking } from "../revive-rounds.ts";
import { guestChecks } from "../verify.ts";

/** The guest itself: its servers are its owner's part, and may not be there yet. */
export const askGuest: Asking = { name: "VM answers", checks: guestChecks };
