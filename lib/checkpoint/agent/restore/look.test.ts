import { afterEach, beforeEach, expect, test } from "vitest";
import { type Connection, connect, domainStatus } from "../../../libvirt/index.ts";
import { FakeHost } from "../../../libvirt/testing/index.ts";
import { heldRun, isHeldByRestore } from "./look.ts";

const uuid = "11111111-2222-4333-8444-555555555555";
let host: FakeHost;
let connection: Connection;

beforeEach(async () => {
  host = new FakeHost();
  connection = await connect({ dialer: host.server.dialer(), keepalive: false });
});
afterEach(() => connection.close());

test.each([
  ["is held", "migration", heldRun("ckp_1"), true],
  ["is still being loaded", "starting_up", null, true],
  ["was stopped by a capture", "unknown", heldRun("ckp_1"), false],
  ["was stopped by a capture while somebody moves it", "migration", null, false],
  ["was restored, and stopped so as well", "migration", "0123456789abcdef", false],
  ["was paused by a person", "user", null, false],
])("a guest that %s", async (_, reason, run, held) => {
  const domain = host.add("g1", uuid);
  domain.id = 7;
  host.become(domain, "paused", reason, "suspended", "paused");
  const mark = run === null ? "" : ` restore="${run}"`;
  host.server.handle({ domain_get_metadata: () => ({ metadata: `<belay:vm generation="1"${mark}/>` }) });
  const status = await domainStatus(connection, { uuid });
  expect(await isHeldByRestore(connection, uuid, status)).toBe(held);
});
