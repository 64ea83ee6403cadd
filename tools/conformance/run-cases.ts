import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Webhook } from "standardwebhooks";
import type { ProviderEvent } from "../../lib/contract/index.ts";
import { vms } from "./ids.ts";
import { type Case, createKit, type Kit, Wrong } from "./kit.ts";
import { commandManager, type Manager, runningManager } from "./manager-process.ts";
import { type Provider, startProvider } from "./provider.ts";
import { savedId } from "./saved-states.ts";

export interface Verdict {
  readonly name: string;
  /** null: well. */
  readonly wrong: string | null;
}

export interface UnderTest {
  /** Started by the kit, per case. `{state}`: its directory. */
  readonly command: string | null;
  /** With `{port}`: where it is to take messages. */
  readonly webhookCommand: string | null;
  /** Calls for a save of `{vm}` and ends once it is there. */
  readonly takeCommand: string | null;
  /** Takes `{vm}` back to `{saved}`, without asking anybody, and ends once it is. */
  readonly goBackCommand: string | null;
  /** Or a manager that runs already, behind this address. */
  readonly running: {
    readonly url: string;
    readonly secret: string;
    readonly port: number;
    readonly key: string;
  } | null;
}

/** What is started for a case; null: nothing of this kind is under test. */
const commandFor = (by: Case["by"], under: UnderTest): string | null =>
  ({
    socket: under.command,
    webhook: under.webhookCommand,
    take: under.takeCommand,
    "go-back": under.goBackCommand,
  })[by];

/** The cases that this manager can be judged by. */
export const casesFor = (cases: readonly Case[], under: UnderTest): readonly Case[] =>
  cases.filter(({ by }) => commandFor(by, under) !== null || (by === "webhook" && under.running !== null));

export async function runCases(
  cases: readonly Case[],
  under: UnderTest,
  told: (verdict: Verdict) => void,
  atOnce = 2,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = cases.map((one, at) => ({ one, at })).values();
  await Promise.all(
    Array.from({ length: under.running === null ? atOnce : 1 }, async () => {
      for (const { one, at } of waiting) {
        const verdict = { name: one.name, wrong: await runCase(one, under, at + 1) };
        verdicts.push(verdict);
        told(verdict);
      }
    }),
  );
  return verdicts;
}

async function runCase(one: Case, under: UnderTest, seed: number): Promise<string | null> {
  const stateDir = await mkdtemp(path.join(tmpdir(), "belay-conformance-"));
  const key = under.running?.key ?? `blk_${randomBytes(16).toString("hex")}`;
  const secret = under.running?.secret ?? `whsec_${randomBytes(24).toString("base64")}`;
  const provider = await startProvider(key, under.running?.port ?? 0);
  const port = await freePort();
  const command = commandFor(one.by, under)?.replaceAll("{vm}", vms.one.name).replaceAll("{saved}", savedId) ?? null;
  const manager: Manager =
    command === null ? runningManager() : commandManager(command, { url: provider.url, key, secret, stateDir, port });
  const endpoint = under.running?.url ?? `http://127.0.0.1:${port}/`;
  // Ids of its own per run: a manager that runs on has seen those of the run before.
  const unique = under.running === null ? seed : seed * 1_000 + (Date.now() % 1_000_000_000);
  const deliver = async (event: ProviderEvent) => {
    if (one.by === "socket") return provider.deliver(event);
    const status = await post(endpoint, secret, event);
    if (status < 200 || status > 299)
      throw new Wrong(`The endpoint answered ${status} to a message that is well signed`);
  };
  const kit = createKit({ provider, manager, seed: unique, deliver });
  try {
    manager.start();
    if (one.by === "webhook") await listening(endpoint);
    await one.run({ ...kit, ...webhook(endpoint, secret) });
    return broken(provider, kit);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const output = manager.output().trim().split("\n").slice(-3).join(" / ");
    return output === "" ? error.message : `${error.message}. It said last: ${output}`;
  } finally {
    await manager.kill();
    await provider.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** What holds in every case. */
function broken(provider: Provider, kit: Kit): string | null {
  const wrong = provider.heard.find((one) => one.is === "wrong");
  if (wrong?.is === "wrong") return `It sent ${wrong.words}`;
  if (provider.heard.some((one) => one.is === "connected" && !one.authorized)) return "It connected without its key";
  const bodies = new Map<string, string>();
  for (const { id, data } of kit.said()) {
    const body = JSON.stringify(data);
    if ((bodies.get(id) ?? body) !== body) return `It said two things under one id, ${id}`;
    bodies.set(id, body);
  }
  return null;
}

/** For cases that look at deliveries themselves. */
export interface Signed {
  post(event: ProviderEvent, more?: { readonly secret?: string; readonly at?: Date }): Promise<number>;
}
const webhook = (endpoint: string, secret: string): Signed => ({
  post: (event, more = {}) => post(endpoint, more.secret ?? secret, event, more.at),
});

async function post(endpoint: string, secret: string, event: ProviderEvent, at = new Date()): Promise<number> {
  const body = JSON.stringify(event);
  const response = await fetch(endpoint, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/cloudevents+json; charset=utf-8",
      "webhook-id": event.id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(event.id, at, body),
    },
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
  return response?.status ?? 0;
}

async function listening(endpoint: string): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((wake) => setTimeout(wake, 100)))
    if (await fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)) return;
  throw new Wrong(`The manager does not listen at ${endpoint}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
