import { expect, test } from "vitest";
import { aHost, aVm, hostNumber } from "../../decide/testing/clouds.ts";
import type { Host, VmState } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import { type DomainSight, HostUnreachable, HypervisorRefused } from "../ports.ts";
import { type Asks, movedByHand } from "./moved-by-hand.ts";

const [lost, second, third] = [hostNumber(1), hostNumber(2), hostNumber(3)];
type Says = VmState | "silent" | "refuses" | "hangs";

const sight = (state: VmState): DomainSight => ({
  ...{ uuid: "u", name: "vm-1", state, reason: "none", runId: 1, persistent: true, memoryMiB: 1024, vcpus: 1 },
});

/** vm-1 is host-1's, which is proven off. What the others say of it; left out: they do not know it. */
async function look(says: { readonly two?: Says; readonly three?: Says }, two: Partial<Host> = {}) {
  const moved: string[] = [];
  const asked: string[] = [];
  const vm = aVm(1, lost);
  const clock = virtualClock(1_000_000);
  const env: Asks = {
    clock,
    store: {
      hosts: async () => [aHost(1, { standing: "fenced", state: "silent" }), aHost(2, two), aHost(3)],
      recordMoved: async (_, to) => {
        moved.push(to);
        return { ...vm, hostId: to };
      },
    },
    hypervisor: {
      readDomain: async (host) => {
        asked.push(host);
        const said = host === second ? says.two : says.three;
        if (said === "silent") throw new HostUnreachable("no connection");
        if (said === "refuses") throw new HypervisorRefused("internal error");
        if (said === "hangs") return new Promise(() => undefined);
        return said === undefined ? undefined : sight(said);
      },
    },
  };
  const looking = movedByHand(env, vm);
  await clock.advance(10_000);
  return { found: await looking, moved, asked };
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
