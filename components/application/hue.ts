import type { ApplicationView } from "../../lib/contract/index.ts";

const hues = 8;

/** The CSS colour that goes with an application everywhere; its name always stands beside it. */
export function hueOf(applications: readonly ApplicationView[], id: string): string {
  const place = applications.findIndex((it) => it.id === id);
  return place < 0 ? "var(--line-strong)" : `var(--hue-${place % hues})`;
}
