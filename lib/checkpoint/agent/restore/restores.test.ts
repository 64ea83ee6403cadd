import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { duplexPair } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Conversation } from "../../side/conversation.ts";
import { pagesOf } from "../../testing/fake-agent.ts";
import { Link } from "../../wire/index.ts";
import { Desk } from "../desk.ts";
import { createRestores } from "./index.ts";

let dir: string;
let conversation: Conversation;
const uuid = "11111111-2222-4333-8444-555555555555";

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-restores-"));
  const [ours, theirs] = duplexPair();
  const { handlers } = createRestores({
    connection: () => Promise.reject(new Error("no libvirt here")),
    directory: path.join(dir, "records"),
    ram: { directory: path.join(dir, "shm"), ownedLike: dir },
  });
  const desk = new Desk(handlers);
  desk.begin(new Link(theirs, theirs, desk));
  conversation = new Conversation(ours);
});
afterEach(async () => {
  conversation.close();
  await rm(dir, { recursive: true, force: true });
});

const stage = (checkpoint: string) =>
  conversation.begin({
    ...{ kind: "stage", uuid, key: "standby", token: checkpoint, since: null, checkpoint, ownMemory: false },
    volumes: [{ name: "devices", kind: "devices", sizeBytes: 64 * 4096, path: null }],
    ...{ streamHead: null, cookie: null },
  });

test("a second staging of one standby takes the place of the first, and neither waits for the other", async () => {
  const first = await stage("ckp_1");
  const one = conversation.last(first, () => undefined).catch((error: Error) => error.message);
  await first.sendPages(pagesOf("devices", [[0, 1]]));
  const second = await stage("ckp_2");
  const two = conversation.last(second, () => undefined);
  for (let page = 0; page < 64; page++) await second.sendPages(pagesOf("devices", [[page, 2]]));
  await first.sendPages(pagesOf("devices", [[1, 1]])); // was on its way
  expect(await one).toBe("Another staging of it has begun.");
  await conversation.ask({ kind: "stage-end", of: second.serial });
  expect(await two).toMatchObject({ kind: "done" });
  expect(await conversation.ask({ kind: "staged", uuid, key: "standby" })).toMatchObject({
    result: { checkpoint: "ckp_2" },
  });
});
