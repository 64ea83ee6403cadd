import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { migrate } from "./migrate.ts";

let database: TestDatabase;
let directory: string;
beforeAll(async () => {
  database = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), "belay-migrations-"));
});
afterAll(async () => {
  await database.close();
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, "migration.sql"), sql);
}

async function rows(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("the project's own are applied once", async () => {
  const own = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));
  expect(await migrate(database.url, own)).toEqual([]); // the template has them
  expect(await rows("SELECT last FROM event_counter")).toEqual([{ last: "0" }]);
});

test("of two that start at the same time each is applied by one", async () => {
  await write("1_fruit", "CREATE TABLE fruit (name text)");
  await write("2_apple", "INSERT INTO fruit VALUES ('apple')");
  const applied = await Promise.all([migrate(database.url, directory), migrate(database.url, directory)]);
  expect(applied.flat().sort()).toEqual(["1_fruit", "2_apple"]);
  expect(await rows("SELECT name FROM fruit")).toEqual([{ name: "apple" }]);
});

test("one that fails leaves nothing behind and goes through once it is right", async () => {
  await write("3_pear", "INSERT INTO fruit VALUES ('pear'); SELECT 1/0");
  await expect(migrate(database.url, directory)).rejects.toThrow("migration 3_pear: division by zero");
  expect(await rows("SELECT name FROM fruit")).toEqual([{ name: "apple" }]);
  await write("3_pear", "INSERT INTO fruit VALUES ('pear')");
  expect(await migrate(database.url, directory)).toEqual(["3_pear"]);
});

test("one that was changed after it was applied is refused", async () => {
  await appendFile(join(directory, "1_fruit", "migration.sql"), "-- changed");
  await expect(migrate(database.url, directory)).rejects.toThrow("1_fruit was changed after it was applied");
});
