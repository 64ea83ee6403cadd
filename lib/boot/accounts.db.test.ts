import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testApi } from "../api/testing.ts";
import { seedAccounts } from "./accounts.ts";

let api: Awaited<ReturnType<typeof testApi>>;
let dataDir: string;
beforeEach(async () => {
  api = await testApi();
  dataDir = await mkdtemp(path.join(tmpdir(), "belay-accounts-"));
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const seed = (demo: boolean) => {
  const { auth, cloud } = api;
  return seedAccounts({ dataDir, demo, auth, store: cloud.store.service, ids: cloud.ids, clock: { now: Date.now } });
};
const emails = (accounts: readonly { email: string }[]) => accounts.map(({ email }) => email);

test("a cloud of one's own begins with the administrator alone; who was made first stays, whatever the next start is for", async () => {
  const first = await seed(false);
  expect(emails(first)).toEqual(["admin@belay.local"]);
  expect(await seed(true)).toEqual(first);
  const people = await api.people.all(api.cloud.admin);
  expect(emails(people)).toContain("admin@belay.local");
  expect(emails(people)).not.toContain("ada@aster.example");
});

test("the demo has two customers, and keeps them", async () => {
  const first = await seed(true);
  expect(emails(first)).toEqual(["admin@belay.local", "ada@aster.example", "ben@birch.example"]);
  expect(await seed(false)).toEqual(first);
});
