import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { descriptionSchema } from "../description/index.ts";
import { sayingHands } from "../finish/testing/shop.ts";
import { memoryJournal } from "../journal/index.ts";
import { newRecording, recordingFiles } from "../wrappers/mariadb/door.ts";
import { savedAnew } from "./went-back.ts";

const { servers } = descriptionSchema.parse({
  application: { name: "ledger" },
  images: { system: "bare" },
  vms: [{ name: "vm", image: "system", memoryMiB: 128 }],
  servers: [{ name: "book", kind: "mariadb", vm: "vm", state: "stateful", rollback: "tolerated" }],
});
const act = { signal: new AbortController().signal, progress() {} };

test.each([
  ["saved, its recording of the time that was undone goes", () => {}, 0],
  ["not saved, it keeps what there is", () => Promise.reject(new Error("no room")), 1],
])("%s", async (_, save, left) => {
  const stateDir = await mkdtemp(path.join(tmpdir(), "belay-went-back-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const recording = await newRecording({ stateDir }, "book");
  await recording.close();
  const hands = sayingHands(save, new Set(["book"]));
  const notSaved = await savedAnew({ hands, stateDir, notes: memoryJournal() }, servers, act);
  expect(notSaved).toHaveLength(left);
  expect(await recordingFiles({ stateDir }, "book")).toHaveLength(left);
});
