import { expect, test } from "vitest";
import { removeBitmaps } from "./sweep.ts";

test("bitmaps of ours are found on every node, also below a snapshot that somebody took; others' stay", async () => {
  const nodes = [
    { "node-name": "top", "dirty-bitmaps": [{ name: "belay-ckp_2" }, { name: "backup-of-others" }] },
    { "node-name": "below", "dirty-bitmaps": [{ name: "belay-ckp_1" }] },
    { "node-name": "file" },
  ];
  const removed: object[] = [];
  const qmp = async (command: string, args: object = {}) => {
    if (command === "query-named-block-nodes") return nodes;
    removed.push({ command, ...args });
    return {};
  };
  expect(await removeBitmaps({ qmp }, (name) => name !== "belay-ckp_2")).toBe(true);
  expect(removed).toEqual([{ command: "block-dirty-bitmap-remove", node: "below", name: "belay-ckp_1" }]);
});
