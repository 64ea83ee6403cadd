import pg from "pg";
import { expect, test } from "vitest";
import { isDatabaseAway } from "./database-away.ts";

test.each([
  ["a port where nobody listens", { host: "127.0.0.1", port: 9 }],
  ["a socket that is not there", { host: "/nonexistent", port: 5432 }],
])("%s", async (_, at) => {
  const refused = await new pg.Client({ ...at, connectionTimeoutMillis: 2000 })
    .connect()
    .catch((error: unknown) => error);
  expect(isDatabaseAway(refused)).toBe(true);
  expect(isDatabaseAway(new Error("no hosts", { cause: refused }))).toBe(true);
});

test.each([
  ["Prisma's own code", Object.assign(new Error("Can't reach database server"), { code: "P1001" }), true],
  ["PostgreSQL's, passed on", new Error("Database error. Code: `57P03`. Message: `starting up`"), true],
  ["a connection that broke", new Error("Connection terminated unexpectedly"), true],
  ["Prisma's driver adapter, whose cause is no Error", new Error("oh", { cause: { kind: "ConnectionClosed" } }), true],
  ["a transaction that lost its connection", Object.assign(new Error("closed"), { code: "P2028" }), true],
  ["a client that pg gave up", new Error("Client has encountered a connection error and is not queryable"), true],
  ["a broken rule", Object.assign(new Error("Unique constraint failed"), { code: "P2002" }), false],
  ["another fault of PostgreSQL, passed on", new Error("Database error. Code: `22P02`. Message: `bad input`"), false],
  ["a mistake of ours", new TypeError("x is not a function"), false],
  ["no error at all", "away", false],
])("%s", (_, error, away) => {
  expect(isDatabaseAway(error)).toBe(away);
});

test("an error that is its own cause ends", () => {
  const loop = new Error("round");
  loop.cause = loop;
  expect(isDatabaseAway(loop)).toBe(false);
});
