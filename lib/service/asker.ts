import type { Viewer } from "../model/index.ts";

/** Whose idempotency keys these are: two askers may choose the same one. */
export const askerOf = (viewer: Viewer): string => viewer.userId ?? viewer.key?.id ?? "operator";
