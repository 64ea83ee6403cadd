import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labDown, labUp, readLab, runOnHost } from "./index.ts";
import { hostPaths, labPaths } from "./paths.ts";
import { must } from "./system/run.ts";
import { killedCommand, labCommand, labNamespaces, mountsOf, processesIn, processesNaming } from "./testing.ts";

const name = "ltcrash";
const paths = labPaths(name);
const up = ["up", "--lab", name, "--hosts", "2"];

/** Places in `up` where its effects show; a kill comes within a few milliseconds of each. */
const moments: ReadonlyArray<[where: string, reached: () => boolean]> = [
  ["its record is written", () => existsSync(paths.state)],
  ["the bridge is there", () => bridgeOf() !== undefined && existsSync(`/sys/class/net/${bridgeOf()}`)],
  [
    "the first host's key is made",
    () => existsSync(`${hostPaths(name, "host-1").files}/etc/ssh/ssh_host_ed25519_key.pub`),
  ],
  ["the first host's init runs", () => existsSync(hostPaths(name, "host-1").run)],
  ["the second host's init runs", () => existsSync(hostPaths(name, "host-2").run)],
];

function bridgeOf(): string | undefined {
  try {
    const index: unknown = JSON.parse(readFileSync(paths.state, "utf8")).index;
    return `bly${index}`;
  } catch {
    return undefined;
  }
}

/** What is left of the lab on the machine, in words; empty when nothing is. */
async function remains(namespaces: readonly string[]): Promise<string[]> {
  const links = await must(["ip", "-o", "link", "show"]);
  return [
    ...processesIn(namespaces).map((pid) => `process ${pid}`),
    ...processesNaming(`${paths.hosts}/`).map((pid) => `process ${pid} for ${paths.hosts}`),
    ...links
      .split("\n")
      .filter((line) => line.includes(paths.dir) || (bridge !== undefined && line.includes(`${bridge}h`))),
    ...mountsOf(paths.dir),
    ...(existsSync(paths.dir) ? [paths.dir] : []),
  ];
}
let bridge: string | undefined;

beforeAll(async () => {
  // The image is made first, and once: the crashes are to hit the making of hosts.
  await labDown(name);
  await labUp({ name, hosts: 1 });
  await labDown(name);
});
afterAll(async () => await labDown(name));

describe("the lab's command, killed", () => {
  it.each(moments)("when %s: up goes on from there", async (_, reached) => {
    await labDown(name);
    expect(await killedCommand(up, reached)).toBe(true);
    const state = await labUp({ name, hosts: 2 });
    expect(state.hosts.map((host) => host.power)).toEqual(["on", "on"]);
    const answers = await Promise.all(
      state.hosts.map((host) => runOnHost(name, host.name, ["virsh", "-q", "hostname"])),
    );
    expect(answers.map((answer) => answer.stdout.trim())).toEqual(["host-1", "host-2"]);
    bridge = state.bridge;
    const inside = await labNamespaces(name);
    expect(processesIn(inside).length).toBeGreaterThan(4);
    await labDown(name);
    expect(await remains(inside)).toEqual([]);
  });

  it.each(moments.slice(1, 4))("when %s: down clears up", async (_, reached) => {
    expect(await killedCommand(up, reached)).toBe(true);
    bridge = bridgeOf();
    await labDown(name);
    expect(await remains([])).toEqual([]);
  });

  it("in the middle of down: down ends it", async () => {
    await labUp({ name, hosts: 2 });
    const inside = await labNamespaces(name);
    bridge = bridgeOf();
    expect(await killedCommand(["down", "--lab", name], () => !existsSync(hostPaths(name, "host-1").run))).toBe(true);
    await labDown(name);
    expect(await remains(inside)).toEqual([]);
  });

  it("clears a lab whose record is damaged", async () => {
    await labUp({ name, hosts: 1 });
    const inside = await labNamespaces(name);
    bridge = bridgeOf();
    await must(["sh", "-c", 'echo "{" > "$0"', paths.state]);
    expect(await labCommand(["up", "--lab", name])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is damaged"),
    });
    await labDown(name);
    expect(await remains(inside)).toEqual([]);
  });
});

it("keeps keys and addresses over down --keep", async () => {
  const first = await labUp({ name, hosts: 1 });
  await labDown(name, { keep: true });
  expect((await readLab(name)).hosts[0]?.power).toBe("off");
  expect(await labUp({ name })).toEqual(first);
});
