import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inProject, nodeArguments } from "../../kit/project.ts";
import type { BenchContext } from "../types.ts";

const daemonScript = inProject("lib/libvirt/testing/fake-daemon.ts");
const clientsScript = inProject("tools/bench/libvirt/many-clients.ts");
const patienceMs = 120_000;

/** What one connection adds to a client process, in KiB of resident memory; server and client are processes of their own. */
export async function memoryPerConnection(
  connections: number,
  { signal, onEnd }: Pick<BenchContext, "signal" | "onEnd">,
): Promise<number> {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-libvirt-"));
  onEnd(() => rm(dir, { recursive: true, force: true }));
  const socket = path.join(dir, "daemon");
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);

  const daemon = spawn(process.execPath, [...nodeArguments, daemonScript, socket], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onEnd(() => void daemon.kill("SIGKILL"));
  await once(daemon.stdout, "data", { signal: limit });

  const clients = spawn(
    process.execPath,
    [...nodeArguments, "--expose-gc", clientsScript, socket, String(connections)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onEnd(() => void clients.kill("SIGKILL"));
  let printed = "";
  clients.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString("utf8");
  });
  const [code] = await once(clients, "close", { signal: limit });
  daemon.stdin.end();
  if (code !== 0) throw new Error(`the client process ended with ${code}`);
  const result: unknown = JSON.parse(printed);
  if (typeof result !== "object" || result === null || !("kiBPerConnection" in result))
    throw new Error(`unreadable: ${printed}`);
  return Number(result.kiBPerConnection);
}
