import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { z } from "zod";
import { hostPaths, labPaths, labsDir } from "./paths.ts";
import { bridgeName, gatewayOf, hostAddress, linkName, macAddress, sinkName } from "./subnet.ts";
import { LabError } from "./system/error.ts";
import { readText, writeJson } from "./system/files.ts";
import { processIdentity } from "./system/process.ts";

/** What a lab is, as written to lab.json. Everything else is derived from it or read from the machine. */
const labRecord = z.object({
  version: z.literal(1),
  name: z.string(),
  /** Which /22 of 198.18.0.0/15; see subnet.ts. */
  index: z.number().int().min(0).max(127),
  hosts: z.array(
    z.object({ name: z.string(), number: z.number().int().positive(), uuid: z.uuid(), keySha256: z.string() }),
  ),
  /** Hash of the guest image that new guests get. */
  image: z.string(),
  kvm: z.boolean(),
});
export type LabRecord = z.infer<typeof labRecord>;
export type HostRecord = LabRecord["hosts"][number];

/** What was last asked for. A host switched off on purpose stays off at the next `up`; a cut cable stays cut, and so on. */
const hostWish = z.object({
  power: z.enum(["on", "off"]),
  link: z.enum(["up", "down"]),
  control: z.enum(["open", "isolated"]).default("open"),
  bmc: z.enum(["lit", "dark"]).default("lit"),
});
export type HostWish = z.infer<typeof hostWish>;

/** Reads one JSON file; undefined when absent or, with `lenient`, when it is not what it should be. */
async function readJson<T>(file: string, schema: z.ZodType<T>, lenient = false): Promise<T | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    if (lenient) return undefined;
    throw new LabError(`${file} is damaged`, "npm run lab -- down, then up", { cause });
  }
}

export const readRecord = (lab: string) => readJson(labPaths(lab).state, labRecord);
export const writeRecord = (record: LabRecord) => writeJson(labPaths(record.name).state, record);

/** The record, or an error that says how to get one. */
export async function requireRecord(lab: string): Promise<LabRecord> {
  const record = await readRecord(lab);
  if (record) return record;
  const others = await labNames();
  const known = others.length > 0 ? `; labs that exist: ${others.join(", ")}` : "";
  throw new LabError(`there is no lab "${lab}"${known}`, `npm run lab -- up --lab ${lab}`);
}

export function requireHost(record: LabRecord, host: string): HostRecord {
  const found = record.hosts.find((one) => one.name === host);
  if (found) return found;
  throw new LabError(
    `lab "${record.name}" has no host "${host}"`,
    `its hosts: ${record.hosts.map((one) => one.name).join(", ")}`,
  );
}

/** A host that its watchdog has reset counts as switched off on purpose: its lease ran out, and nobody has looked at it yet. */
export async function readWish(lab: string, host: string): Promise<HostWish> {
  const { wish, reset } = hostPaths(lab, host);
  const asked = (await readJson(wish, hostWish, true)) ?? hostWish.parse({ power: "on", link: "up" });
  return existsSync(reset) ? { ...asked, power: "off" } : asked;
}

export async function writeWish(lab: string, host: string, change: Partial<HostWish>): Promise<void> {
  const { wish, reset } = hostPaths(lab, host);
  await writeJson(wish, { ...(await readWish(lab, host)), ...change });
  if (change.power) await rm(reset, { force: true });
}

/** `plugged`: it has its network card and goes on by itself; until then it ends with the command that started it. */
const hostRun = processIdentity.extend({ plugged: z.boolean() });
export type HostRun = z.infer<typeof hostRun>;

/** Who the host's PID 1 is, as that process recorded itself. It may be long gone: check with isAlive. */
export const readRun = (lab: string, host: string): Promise<HostRun | undefined> =>
  readJson(hostPaths(lab, host).run, hostRun, true);

/** Names of the labs that have state in this project. */
export async function labNames(): Promise<string[]> {
  const entries = await readdir(labsDir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** How a lab's bridge is told from anybody else's: the directory of its state. */
export const bridgeAlias = (lab: string) => `belay-lab ${labPaths(lab).dir}`.slice(0, 255);

/** The same for the interface beside it that leads nowhere; see system/sink.ts. */
export const sinkAlias = (lab: string) => `belay-lab-sink ${labPaths(lab).dir}`.slice(0, 255);

/** Everything about a host's place in the network, from its number. */
export function hostNetwork(index: number, number: number) {
  return {
    address: hostAddress(index, number),
    gateway: gatewayOf(index),
    bridge: bridgeName(index),
    sink: sinkName(index),
    link: linkName(index, number),
    cardMac: macAddress(index, "host", number),
    bridgeMac: macAddress(index, "bridge", number),
  };
}
