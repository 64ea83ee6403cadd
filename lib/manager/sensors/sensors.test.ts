import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { example } from "../commands/example.ts";
import { readDescription } from "../description/index.ts";
import { type Script, sh } from "../ssh/index.ts";
import { seen, stateOf } from "./debounce.ts";
import { loopScript, readLine } from "./loop.ts";
import { observersOf } from "./place.ts";
import { sensorsOf } from "./sensors.ts";

const auction = [
  { name: "web" },
  { name: "app-1", apart: "app" },
  { name: "app-2", apart: "app" },
  { name: "dbproxy" },
  { name: "db-1", apart: "db" },
  { name: "db-2", apart: "db" },
].map((vm) => ({ apart: undefined, ...vm }));

it("looks at each VM from two others, which are on two hosts where hosts are known to differ", () => {
  const places = observersOf(auction);
  const group = (name: string) => auction.find((vm) => vm.name === name)?.apart;
  for (const { name } of auction) {
    const from = places.get(name)?.vms ?? [];
    expect(places.get(name)?.manager).toBe(false);
    expect(from).toHaveLength(2);
    expect(from).not.toContain(name);
    expect(group(from[0] ?? "")).toBeDefined();
    expect(group(from[0] ?? "")).toBe(group(from[1] ?? ""));
  }
});

it("has the manager look too where no two VMs are known to be on different hosts, and never as the only one", () => {
  const of = (...vms: readonly { name: string; apart?: string }[]) =>
    Object.fromEntries(observersOf(vms.map((vm) => ({ apart: undefined, ...vm }))));
  expect(of({ name: "a" })).toEqual({ a: { vms: [], manager: false } });
  expect(of({ name: "a" }, { name: "b" }).a).toEqual({ vms: ["b"], manager: true });
  expect(of({ name: "a" }, { name: "b" }, { name: "c" }).a).toEqual({ vms: ["b", "c"], manager: true });
  const pair = of({ name: "front" }, { name: "db-1", apart: "db" }, { name: "db-2", apart: "db" });
  expect(pair.front).toEqual({ vms: ["db-1", "db-2"], manager: false });
  expect(pair["db-1"]).toEqual({ vms: ["front", "db-2"], manager: true });
});

it("asks the provider for what keeps the example's sensors on different hosts", () => {
  const read = readDescription(example);
  if (!read.ok) throw new Error("the example is not good");
  expect(sensorsOf(read.description).filter(({ kind, from }) => kind === "vm" && from === null)).toEqual([]);
  for (const { name } of read.description.vms)
    expect(sensorsOf(read.description).filter((one) => one.kind === "vm" && one.vm === name)).toHaveLength(2);
});

it("needs two bad looks of three, where one may be chance", () => {
  const looks = (...all: readonly ("ok" | "failing")[]) =>
    all.reduce<ReturnType<typeof seen> | undefined>((before, look, at) => seen(before, look, "words", at), undefined);
  const now = (of: ReturnType<typeof looks>, certain = false) => stateOf(of, certain, 10, 100).state;
  expect(now(looks("failing"))).toBe("unknown");
  expect(now(looks("ok", "failing"))).toBe("ok");
  expect(now(looks("ok", "failing", "failing"))).toBe("failing");
  expect(now(looks("failing", "ok", "failing"))).toBe("failing");
  expect(now(looks("failing", "failing", "ok", "ok"))).toBe("ok");
  expect(now(looks("ok", "failing"), true)).toBe("failing");
  expect(now(undefined)).toBe("unknown");
});

it("knows nothing where nothing was heard for long", () => {
  expect(stateOf(seen(undefined, "ok", "", 0), true, 200, 100)).toMatchObject({ state: "unknown" });
});

it("is a program that a shell runs: a line for each look, then a beat", () => {
  const sensor = (look: () => Script, everyRounds = 1) => ({
    ...{ name: "n", kind: "command" as const, server: "s", vm: "v", from: "v", certain: false, everyRounds, look },
  });
  const sensors = [
    { number: 0, sensor: sensor(() => sh`true`) },
    { number: 7, sensor: sensor(() => sh`words="it's bad"; false`, 3) },
  ];
  const text = loopScript(sensors, 0.1, () => "127.0.0.1").text.replaceAll(
    "/run/belay",
    `/tmp/belay-sensors-${process.pid}`,
  );
  const done = execFileSync("/bin/sh", ["-c", 'timeout 2 sh -c "$0" | head -n 6', text], { encoding: "utf8" });
  const lines = done.trim().split("\n");
  expect(lines.slice(0, 5)).toEqual(["0 ok", "7 failing it's bad", "beat", "0 ok", "beat"]);
  expect(readLine("7 failing it's bad")).toEqual({ number: 7, look: "failing", words: "it's bad" });
  expect(readLine("beat")).toBeUndefined();
});
