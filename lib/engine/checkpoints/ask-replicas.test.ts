import { expect, test } from "vitest";
import { aHost, aVm, checkpointNumber, hostNumber } from "../../decide/testing/clouds.ts";
import type { Host, HostId } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import { HostUnreachable } from "../ports.ts";
import { AskReplicas } from "./ask-replicas.ts";

const id = checkpointNumber(1);
const vm = aVm(1, hostNumber(1));
type Says = boolean | "unreachable" | "hangs";

function rig(says: Readonly<Record<number, Says>>, over: readonly Host[] = []) {
  const clock = virtualClock(0);
  const now = new Map<HostId, Says>(Object.entries(says).map(([n, it]) => [hostNumber(Number(n)), it]));
  const questions: HostId[] = [];
  const hosts = [aHost(1), ...Object.keys(says).map((n) => aHost(Number(n))), ...over];
  const ask = new AskReplicas({
    clock,
    store: { hosts: async () => hosts },
    checkpoints: {
      standbyReady: async (host) => {
        questions.push(host);
        const it = now.get(host) ?? false;
        if (it === "unreachable") throw new HostUnreachable("The host is not connected.");
        return it === "hangs" ? new Promise<boolean>(() => undefined) : it;
      },
    },
  });
  return { ask, clock, now, questions };
}

test.each<[string, Readonly<Record<number, Says>>, readonly Host[], { host: HostId | undefined; sure: boolean }]>([
  ["one has it", { 2: false, 3: true }, [], { host: hostNumber(3), sure: true }],
  ["none has it", { 2: false, 3: false }, [], { host: undefined, sure: true }],
  ["one cannot be asked", { 2: false, 3: "unreachable" }, [], { host: undefined, sure: false }],
  ["one never answers", { 2: false, 3: "hangs" }, [], { host: undefined, sure: false }],
  ["one never answers, and another has it", { 2: "hangs", 3: true }, [], { host: hostNumber(3), sure: true }],
  ["one is not up", { 2: false }, [aHost(3, { state: "silent" })], { host: undefined, sure: false }],
  ["one was fenced", { 2: false }, [aHost(3, { standing: "fenced" })], { host: undefined, sure: true }],
])("where %s", async (_, says, over, expected) => {
  const { ask, clock } = rig(says, over);
  const answer = ask.where(vm, id, undefined);
  await clock.advance(3_000);
  expect(await answer).toEqual(expected);
});

test("one that is not connected yet is asked again, and its answer counts", async () => {
  const { ask, clock, now } = rig({ 2: false, 3: "unreachable" });
  const answer = ask.where(vm, id, undefined);
  await clock.advance(1_000);
  now.set(hostNumber(3), true);
  await clock.advance(300);
  expect(await answer).toEqual({ host: hostNumber(3), sure: true });
});

test("one that has not answered is not waited for so long by the next, until it has answered", async () => {
  const { ask, clock, now } = rig({ 2: "unreachable" });
  const settles = async (ms: number) => {
    let done = false;
    void ask.where(vm, id, undefined).then(() => {
      done = true;
    });
    await clock.advance(ms);
    return done;
  };
  expect(await settles(1_000)).toBe(false);
  await clock.advance(2_000);
  expect(await settles(500)).toBe(true);
  now.set(hostNumber(2), false);
  expect(await settles(10)).toBe(true);
  now.set(hostNumber(2), "unreachable");
  expect(await settles(1_000)).toBe(false);
});
