import type { VmState, VmStateReason } from "../../model/index.ts";

const ownPauses: readonly VmStateReason[] = ["none", "unknown", "user", "save", "snapshot", "migration", "starting-up"];

/** A VM that is being captured is held, or for the oldest method even stopped, by the capture itself: that is no failure and nobody's wish. */
export const isHeldByCapture = (
  sight: { readonly state: VmState; readonly reason: VmStateReason } | undefined,
): boolean =>
  sight !== undefined &&
  ((sight.state === "paused" && ownPauses.includes(sight.reason)) ||
    (sight.state === "stopped" && (sight.reason === "saved" || sight.reason === "from-snapshot")));
