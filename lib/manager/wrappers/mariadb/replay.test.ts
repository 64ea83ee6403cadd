import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventTypes } from "./events.ts";
import { parsePosition } from "./gtid.ts";
import { dropBefore, newRecording, recordingFiles } from "./recordings.ts";
import { after } from "./replay.ts";

let stateDir = "";
beforeEach(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), "belay-recordings-"));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

/** time[4] type[1] server[4] size[4] next[4] flags[2], then the body */
function event(type: number, body: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(19), body]);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt32LE(1, 5);
  bytes.writeUInt32LE(bytes.length, 9);
  return bytes;
}
function gtid(domain: number, number: number): Buffer {
  const body = Buffer.alloc(13);
  body.writeBigUInt64LE(BigInt(number), 0);
  body.writeUInt32LE(domain, 8);
  return event(eventTypes.gtid, body);
}
const format = event(eventTypes.formatDescription, Buffer.from("format"));
const row = (words: string) => event(30, Buffer.from(words));

it("makes one log of what was recorded after a save, each transaction once", async () => {
  const context = { stateDir };
  const first = await newRecording(context, "db");
  await first.add([format, gtid(1, 1), row("one"), gtid(1, 2), row("two")]);
  await first.close();
  const second = await newRecording(context, "db");
  // What was on its way twice, as after a connection that was lost; the last was cut off by a crash.
  await second.add([format, gtid(1, 2), row("two"), gtid(1, 3), row("three"), row("more").subarray(0, 20)]);
  await second.close();

  let transactions = 0;
  const parts: Buffer[] = [];
  const files = await recordingFiles(context, "db");
  for await (const part of after(files, parsePosition("1-1-1"), () => transactions++)) parts.push(part);
  expect(transactions).toBe(2);
  expect(Buffer.concat(parts).subarray(4)).toEqual(
    Buffer.concat([format, gtid(1, 2), row("two"), gtid(1, 3), row("three")]),
  );
});

it("drops what a save has", async () => {
  const context = { stateDir };
  const files = [];
  for (let n = 0; n < 3; n++) {
    const one = await newRecording(context, "db");
    await one.close();
    files.push(one.file);
  }
  await dropBefore(context, "db", files[2]);
  expect(await recordingFiles(context, "db")).toEqual([files[2]]);
});
