import { expect, test } from "vitest";
import type { HostInstaller, InstallStep } from "../../lib/engine/ports.ts";
import { explain } from "../kit/failure.ts";
import type { OperatorClient } from "../operator/client.ts";
import type { HostIo } from "./commands.ts";
import { installHelper, uninstallHelper } from "./helper-commands.ts";

const host = { id: "hst_1", name: "host-1", uri: "qemu+ssh://root@198.18.0.11/system", hostKeySha256: "SHA256:x" };
const policy = { leaseMs: 9_000 };

function rig() {
  const printed: string[] = [];
  const asked: unknown[] = [];
  const steps = async function* (...options: unknown[]): AsyncGenerator<InstallStep> {
    asked.push(options);
    yield { phase: "start", words: "Started by systemd." };
  };
  // What the server says is read by cloudView in truth; here only what the command looks at.
  const client = { url: "http://127.0.0.1", ask: async () => ({ hosts: [host], policy }) } as unknown as OperatorClient;
  const io: HostIo = { client, print: (line) => printed.push(line), ask: undefined };
  const installer: HostInstaller = { install: steps, uninstall: steps };
  return { printed, asked, io, installer };
}
const words = (promise: Promise<void>) => promise.then(() => "no error", explain);

test("the helper is installed on a host that is watched, with the cloud's lease", async () => {
  const { printed, asked, io, installer } = rig();
  await installHelper(io, installer, "host-1", { watchdog: "none", watchdogTimeout: "5" });
  expect(asked).toEqual([[host, { leaseMs: 9_000, watchdog: "none", watchdogMs: 5_000 }]]);
  expect(printed[0]).toBe("  ✓ Started by systemd.");
  await uninstallHelper(io, installer, "hst_1");
  expect(asked[1]).toEqual([host]);
  expect(printed.at(-1)).toContain("npm run host -- install host-1");
});

test("a host that is not watched, and a time that is none, are said as such", async () => {
  const { io, installer } = rig();
  expect(await words(installHelper(io, installer, "host-9", {}))).toContain("There are: host-1");
  expect(await words(installHelper(io, installer, "host-1", { watchdogTimeout: "soon" }))).toContain("in seconds");
});
