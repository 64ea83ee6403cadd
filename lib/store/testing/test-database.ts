import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { startTestServer, templateDatabase } from "./test-server.ts";

export interface TestDatabase {
  readonly url: string;
  /** Drops the database, and with it the connections that are left. */
  close(): Promise<void>;
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(url, "postgres"), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${database}`;
  return address.toString();
}

/**
 * A migrated database of your own, for a test file of the project `db`. Outside of that project (lab tests) it comes with a server of
 * its own, which `close` stops.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const shared: string | undefined = inject("testServerUrl");
  const own = shared === undefined ? await startTestServer() : undefined;
  const template = shared ?? own?.postgres.url ?? "";
  const name = `t_${randomUUID().replaceAll("-", "")}`;
  await onServer(template, `CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`);
  return {
    url: withDatabase(template, name),
    async close() {
      await onServer(template, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await own?.stop();
    },
  };
}
