import { expect, test } from "vitest";
import { newsOf } from "./news.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const incident = (id: string, state: "repairing" | "repaired", endedAt: number | null) => ({
  id,
  vmId: "vm_1",
  hostId: null,
  state,
  words: state === "repaired" ? "It answers again." : "web-1: the VM's process died.",
  td: at,
  endedAt,
});
const nameOf = () => "web-1";

test("an incident is told when it opens and when it ends, oldest first, and not in between", () => {
  const open = incident("inc_1", "repairing", null);
  expect(newsOf(new Map(), [open], nameOf)).toEqual([
    expect.stringMatching(/ {2}web-1: repairing\. the VM's process died\.$/i),
  ]);
  expect(newsOf(new Map([["inc_1", "repairing"]]), [open], nameOf)).toEqual([]);
  const both = [incident("inc_2", "repairing", null), incident("inc_1", "repaired", at + 4_320)];
  expect(newsOf(new Map([["inc_1", "repairing"]]), both, nameOf)).toEqual([
    expect.stringContaining("web-1: repaired after 4.3 s. It answers again."),
    expect.stringContaining("repairing"),
  ]);
});
