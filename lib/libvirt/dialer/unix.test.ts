import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect } from "../connect.ts";
import { FakeServer } from "../testing/index.ts";
import { unixDialer } from "./unix.ts";

const daemon = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
const server = createServer((socket) => daemon.attach(socket));
let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-unix-"));
  await new Promise<void>((resolve) => server.listen(path.join(dir, "sock"), resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

it("dials a daemon's socket", async () => {
  const connection = await connect({ dialer: unixDialer(path.join(dir, "sock")), keepalive: false });
  expect((await connection.call("connect_get_hostname")).hostname).toBe("h");
  await connection.close();
});

it("says where nobody listens, and what to look at", async () => {
  const missing = path.join(dir, "missing");
  await expect(connect({ dialer: unixDialer(missing) })).rejects.toMatchObject({
    code: "DialFailed",
    message: `unix:${missing}: connect ENOENT ${missing}; is libvirtd running there?`,
  });
});

it("does not dial for one who has left", async () => {
  const gone = AbortSignal.abort();
  await expect(unixDialer(path.join(dir, "sock")).dial(gone)).rejects.toMatchObject({ code: "Aborted" });
});
