import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { advisoryLock } from "./advisory-lock.ts";

let database: TestDatabase;
let onlooker: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  onlooker = new pg.Client({ connectionString: database.url });
  await onlooker.connect();
});
afterAll(async () => {
  await onlooker.end();
  await database.close();
});

const holders = async (granted: boolean) =>
  (
    await onlooker.query(
      "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND d.datname = current_database() AND granted = $1",
      [granted],
    )
  ).rows;

test("is held by one; a standby gets it when the holder gives it back", async () => {
  const first = advisoryLock(database.url, "engine");
  await first.acquired;
  const standby = advisoryLock(database.url, "engine");
  await expect.poll(() => holders(false)).toHaveLength(1);
  const another = advisoryLock(database.url, "something else");
  await another.acquired; // another name is another lock
  await another.release();
  await first.release();
  await standby.acquired;
  expect(await holders(true)).toHaveLength(1);
  await standby.release();
  expect(await holders(true)).toEqual([]);
});

test("says that it was lost when its connection ends, and the standby has it", async () => {
  const first = advisoryLock(database.url, "engine");
  await first.acquired;
  const standby = advisoryLock(database.url, "engine");
  await expect.poll(() => holders(false)).toHaveLength(1);
  const [holder] = await holders(true);
  await onlooker.query("SELECT pg_terminate_backend($1)", [holder?.pid]);
  await first.lost;
  await standby.acquired;
  await first.release();
  await standby.release();
});

test("waiting for it can be given up", async () => {
  const first = advisoryLock(database.url, "engine");
  await first.acquired;
  const standby = advisoryLock(database.url, "engine");
  await expect.poll(() => holders(false)).toHaveLength(1);
  await standby.release();
  await expect.poll(() => holders(false), { timeout: 10_000 }).toEqual([]);
  await first.release();
  expect(await holders(true)).toEqual([]);
});
