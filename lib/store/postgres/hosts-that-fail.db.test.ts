import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { migrate } from "./migrate.ts";

const own = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

let database: TestDatabase;
let client: pg.Client;
let before: string;
beforeAll(async () => {
  database = await testDatabase();
  before = await mkdtemp(join(tmpdir(), "belay-migrations-"));
  await cp(join(own, "20261122204518_first"), join(before, "20261122204518_first"), { recursive: true });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  await migrate(database.url, before);
});
afterAll(async () => {
  await client.end();
  await database.close();
  await rm(before, { recursive: true, force: true });
});

test("a VM that Belay had taken up on two hosts is one afterwards: the one that runs, and nothing stays open for the other", async () => {
  await client.query(`
    INSERT INTO host (id, name, uri, host_key_sha256, state, state_since, fault_injection, enrolled_at) VALUES
      ('h1', 'one', 'u1', 'k', 'up', now(), false, now()), ('h2', 'two', 'u2', 'k', 'up', now(), false, now());
    INSERT INTO vm (id, host_id, name, uuid, memory_mib, vcpus, wanted, state, reason, state_since, persistent, answer_check, consent, adopted_at)
      SELECT id, host, 'web', uuid, 256, 1, 'running', state, 'none', now(), true, '{"kind":"agent"}', 'restart-vm', now()
      FROM (VALUES ('moved away', 'h1', 'same', 'missing'), ('runs', 'h2', 'same', 'running'), ('other', 'h1', 'another', 'stopped'))
        AS t (id, host, uuid, state);
    INSERT INTO incident (id, layer, cause, certainty, state, host_id, vm_id, tp, tp_source, td, words, evidence)
      SELECT id, 'vm', 'vanished', 'certain', 'repairing', 'h1', vm, now(), 'scan', now(), 'It is gone.', '[]'
      FROM (VALUES ('i1', 'moved away'), ('i2', 'other')) AS t (id, vm);
    INSERT INTO repair (id, incident_id, vm_id, technique, state, planned_at, words)
      VALUES ('r1', 'i1', 'moved away', 'revive-vm', 'running', now(), 'Start it.'),
             ('r2', 'i2', 'other', 'revive-vm', 'running', now(), 'Start it.')`);
  expect(await migrate(database.url, own)).toContain("20261122232803_hosts_that_fail");
  const { rows } = await client.query(`
    SELECT vm.id, vm.removed_at IS NULL AS watched, generation, incident.state AS incident, repair.state AS repair, repair.words
    FROM vm LEFT JOIN incident ON incident.vm_id = vm.id LEFT JOIN repair ON repair.vm_id = vm.id ORDER BY vm.id`);
  const fresh = { generation: 0 };
  const ended = { incident: "cleared", repair: "handed-over", words: "Start it. The VM is watched on another host." };
  expect(rows).toEqual([
    { id: "moved away", watched: false, ...fresh, ...ended },
    { id: "other", watched: true, ...fresh, incident: "repairing", repair: "running", words: "Start it." },
    { id: "runs", watched: true, ...fresh, incident: null, repair: null, words: null },
  ]);
});
