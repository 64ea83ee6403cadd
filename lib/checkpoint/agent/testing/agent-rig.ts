import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { createGuest, labDown, labUp, runOnHost } from "../../../../lab/index.ts";
import { bundleOf } from "../../../helper/index.ts";
import { SshConnection } from "../../../libvirt/index.ts";
import { AgentClient } from "./agent-client.ts";

const agentFile = "/var/lib/libvirt/belay-host/belay-agent.mjs";

export interface RigGuest {
  readonly name: string;
  readonly uuid: string;
  readonly address: string;
}

/** One lab host with the agent's file on it, and guests. */
export interface AgentRig {
  readonly guests: readonly RigGuest[];
  /** A directory that the host sees as /srv/belay-shared. */
  readonly shared: string;
  /** A new agent, which has said hello. */
  start(): Promise<{ readonly agent: AgentClient; readonly swept: string }>;
  onHost(...argv: string[]): Promise<string>;
  /** A command on a guest, by a shell. */
  onGuest(guest: RigGuest, script: string): Promise<string>;
  /** Its answer over HTTP. */
  bootId(guest: RigGuest): Promise<string>;
  /** What is ours on the host and in this guest's QEMU, in words; bitmaps are not. */
  left(guest: RigGuest): Promise<string>;
}

export function agentRig(name: string, guestNames: readonly string[]): AgentRig {
  let ssh: SshConnection | undefined;
  let identityFile = "";
  const agents: AgentClient[] = [];
  const guests: RigGuest[] = [];
  const host = "host-1";

  beforeAll(async () => {
    const lab = await labUp({ name, hosts: 1 });
    const [first] = lab.hosts;
    if (!first) throw new Error("the lab has no host");
    identityFile = lab.identityFile;
    for (const guest of guestNames) guests.push(await createGuest(name, { name: guest, host, memoryMiB: 256 }));
    const { address, hostKeySha256 } = first;
    ssh = new SshConnection({ host: address, username: "root", hostKeySha256, privateKey: { file: identityFile } });
    const { code } = await bundleOf(path.join(import.meta.dirname, "../main.ts"));
    const script = `mkdir -p ${path.posix.dirname(agentFile)} && cat > ${agentFile}`;
    await ssh.exec(["sh", "-c", script], { stdin: code, timeoutMs: 20_000 });
    for (const guest of guests) await until(`${guest.name} answers`, () => rig.bootId(guest));
  });
  afterAll(async () => {
    for (const agent of agents) agent.close();
    ssh?.close();
    await labDown(name);
  });

  const rig: AgentRig = {
    guests,
    get shared() {
      return path.join(path.dirname(identityFile), "shared");
    },
    start: async () => {
      if (!ssh) throw new Error("the lab is not up");
      const agent = new AgentClient(await ssh.spawn(["node", agentFile]));
      agents.push(agent);
      const { swept } = await agent.ask("ready", { kind: "hello", wire: 1 });
      return { agent, swept };
    },
    onHost: async (...argv) => {
      const { code, stdout, stderr } = await runOnHost(name, host, argv, { timeoutMs: 60_000 });
      if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
      return stdout.trim();
    },
    onGuest: async ({ address }, script) => {
      const { fetchHostKey } = await import("../../../libvirt/index.ts");
      const { sha256 } = await fetchHostKey({ host: address });
      const guest = new SshConnection({
        ...{ host: address, username: "root", hostKeySha256: sha256 },
        privateKey: { file: identityFile },
      });
      try {
        const { stdout } = await guest.exec(["sh", "-c", script], { timeoutMs: 20_000 });
        return stdout;
      } finally {
        guest.close();
      }
    },
    bootId: async ({ address }) => {
      const reply = await fetch(`http://${address}/host.json`, { signal: AbortSignal.timeout(2000) });
      const { bootId } = (await reply.json()) as { bootId: string };
      return bootId;
    },
    left: async ({ name: guest }) => {
      const command = (execute: string, args: object = {}) =>
        rig.onHost("virsh", "qemu-monitor-command", guest, JSON.stringify({ execute, arguments: args }));
      const jobs = await command("query-jobs");
      const nodes = await command("query-named-block-nodes", { flat: true });
      const capabilities = await command("query-migrate-capabilities");
      const on = [...capabilities.matchAll(/"state":true,"capability":"([^"]+)"/g)].map(([, it]) => it);
      return [
        ...[...`${jobs}${nodes}`.matchAll(/"(?:id|node-name)":"(belay-[^"]+)"/g)].map(([, it]) => it),
        ...on.filter((it) => it === "background-snapshot" || it === "pause-before-switchover"),
        await rig.onHost("ls", "/var/lib/libvirt/belay-host/work"),
      ]
        .filter(Boolean)
        .join(" ");
    },
  };
  return rig;
}

/** Asks again until it does not throw. */
export async function until<T>(what: string, ask: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
