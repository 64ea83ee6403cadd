import { expect, it } from "vitest";
import { homeOf } from "./seen.ts";

it.each([
  ["nobody knows it", [], undefined],
  ["it has moved", [{ host: "host-2", state: "shut off" }], "host-2"],
  ["it runs elsewhere and an old copy of its definition is where it was made", ["shut off", "running"], "host-2"],
  ["it crashed elsewhere, and is kept for whoever repairs it", ["shut off", "crashed"], "host-2"],
  ["it stands still on both", ["shut off", "shut off"], "host-1"],
])("a guest's home, when %s", (_, states, home) => {
  const seen = states.map((one, at) => (typeof one === "string" ? { host: `host-${at + 1}`, state: one } : one));
  expect(homeOf(seen, "host-1")).toBe(home);
});
