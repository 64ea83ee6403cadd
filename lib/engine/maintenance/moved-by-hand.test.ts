import { expect, test } from "vitest";
import { aHost, aVm, hostNumber } from "../../decide/testing/clouds.ts";
import type { Host, Vm, VmState } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import { type DomainSight, HostUnreachable, HypervisorRefused } from "../ports.ts";
import { readAll } from "../sightings.ts";
import { type Asks, movedByHand } from "./moved-by-hand.ts";

const [lost, second, third] = [hostNumber(1), hostNumber(2), hostNumber(3)];
type Says = VmState | "silent" | "refuses" | "hangs";

const sight = (uuid: string, state: VmState): DomainSight => ({
  ...{ uuid, name: "vm-1", state, reason: "none", runId: 1, persistent: true, memoryMiB: 1024, vcpus: 1 },
});

/** host-1 is proven off now. What the hosts say of vm-1 can be changed, and so can the proof; left out: they do not know it. */
function cloud(others: readonly Host[]) {
  const moved: string[] = [];
  const listed: string[] = [];
  const read: string[] = [];
  const says = new Map<string, Says>();
  const clock = virtualClock(1_000_000);
  const proof: { at: number | undefined } = { at: clock.now() };
  const vms = [aVm(1, lost), aVm(2, lost), aVm(3, lost)] as const;
  const speak = (said: Says | undefined) => {
    if (said === "silent") throw new HostUnreachable("no connection");
    if (said === "refuses") throw new HypervisorRefused("internal error");
    return said;
  };
  const env: Asks = {
    clock,
    store: {
      hosts: async () => [aHost(1), ...others],
      fenceProof: async () => (proof.at === undefined ? undefined : { method: "power", at: proof.at, words: "" }),
      recordMoved: async (_, to) => {
        moved.push(to);
        return { ...vms[0], hostId: to };
      },
    },
    hypervisor: {
      listDomains: async (host) => {
        listed.push(host);
        const said = speak(says.get(host));
        if (said === "hangs") return new Promise(() => undefined);
        return said === undefined ? [] : [sight(vms[0].uuid, said)];
      },
      readDomain: async (host, uuid) => {
        read.push(host);
        const said = speak(says.get(host));
        if (said === "hangs") return new Promise(() => undefined);
        return said === undefined || uuid !== vms[0].uuid ? undefined : sight(uuid, said);
      },
    },
  };
  const findAll = async (sought: readonly Vm[]) => {
    const looking = Promise.all(sought.map((vm) => movedByHand(env, vm)));
    await clock.advance(4_000);
    return looking;
  };
  const find = async (vm: Vm = vms[0]) => (await findAll([vm]))[0];
  return { env, clock, vms, proof, says, moved, listed, read, find, findAll };
}

/** What the others say of vm-1, asked once. */
async function look(said: { readonly two?: Says; readonly three?: Says }, two: Partial<Host> = {}) {
  const it = cloud([aHost(2, two), aHost(3)]);
  if (said.two !== undefined) it.says.set(second, said.two);
  if (said.three !== undefined) it.says.set(third, said.three);
  return { found: await it.find(), moved: it.moved, asked: it.listed };
}

test.each([
  ["no host knows it", {}, "clear", []],
  ["it is only defined on one", { two: "stopped" }, "clear", []],
  ["it runs on one", { three: "running" }, "moved", [third]],
  ["it runs on one and others do not answer", { two: "hangs", three: "running" }, "moved", [third]],
  ["those that could tell are silent, or refuse", { two: "silent", three: "refuses" }, "clear", []],
  ["it runs on two", { two: "running", three: "running" }, "moved", [second]],
] as const)("when %s: %s", async (_, says, expected, to) => {
  const { found, moved } = await look(says);
  expect({ found, moved }).toEqual({ found: expected, moved: to });
});

test("one that is held on another host keeps it from being started", async () => {
  const { found, moved } = await look({ two: "paused" });
  expect(found).toEqual({ trouble: expect.stringMatching(/paused/) });
  expect(moved).toEqual([]);
});

test.each([
  ["is being fenced", { standing: "fencing" }],
  ["is examined", { standing: "returning" }],
  ["has no connection", { state: "silent" }],
] as const)("a host that %s is not asked: its own guests are not known", async (_, two) => {
  const { found, asked } = await look({ two: "running" }, two);
  expect({ found, asked }).toEqual({ found: "clear", asked: [third] });
});

const many = Array.from({ length: 400 }, (_, index) => aHost(index + 2));

test("each of many hosts is read once for all VMs of a host that failed", async () => {
  const { vms, listed, read, find, findAll } = cloud(many);
  expect(await findAll(vms)).toEqual(["clear", "clear", "clear"]);
  expect(await find(vms[1])).toBe("clear"); // as a try again does
  expect({ listed: listed.length, hosts: new Set(listed).size, read }).toEqual({ listed: 400, hosts: 400, read: [] });
});

test("none is asked that its watch has read since the proof, but for one that showed the VM", async () => {
  const { env, vms, says, moved, listed, read, find } = cloud(many);
  says.set(third, "running");
  for (const { id } of many) await readAll(env, id);
  listed.length = 0;
  expect(await find(vms[1])).toBe("clear");
  expect({ listed, read }).toEqual({ listed: [], read: [] });
  expect(await find(vms[0])).toBe("moved");
  expect({ listed, read, moved }).toEqual({ listed: [], read: [third], moved: [third] });
});

test.each([
  ["before the proof", 0, 1_000],
  ["long before now", undefined, 10_000],
] as const)("one that was read %s is read again: it may have the VM since", async (_, provenMs, passMs) => {
  const { env, clock, says, moved, listed, proof, find } = cloud([aHost(2)]);
  await readAll(env, second);
  await clock.advance(passMs);
  if (provenMs !== undefined) proof.at = clock.now() - provenMs;
  says.set(second, "running");
  expect(await find()).toBe("moved");
  expect({ moved, listed }).toEqual({ moved: [second], listed: [second, second] });
});

test.each(["silent", "hangs"] as const)(
  "one that showed it has it, also when it is asked again and says: %s",
  async (said) => {
    const { env, clock, says, find } = cloud([aHost(2)]);
    says.set(second, "running");
    await readAll(env, second);
    await clock.advance(1_000);
    says.set(second, said);
    expect(await find()).toBe("moved");
  },
);

test("of a host that lives, those are asked that were not read since it was read without the VM", async () => {
  const { env, clock, says, listed, proof, find } = cloud([aHost(2), aHost(3)]);
  proof.at = undefined;
  says.set(lost, "running");
  for (const id of [lost, second, third]) await readAll(env, id);
  says.delete(lost);
  await clock.advance(1_000);
  await readAll(env, lost);
  await clock.advance(1_000);
  await readAll(env, third);
  listed.length = 0;
  expect({ found: await find(), listed }).toEqual({ found: "clear", listed: [second] });
});
