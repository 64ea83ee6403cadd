import { describe, expect, test } from "vitest";
import { type FenceDevice, freshHost, type Host, type HostStanding, idSource } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import { FenceFailed, type PowerState } from "../ports.ts";
import { type FencingEnv, fenceHost, type Witness } from "./fence.ts";

let born = 0;
const ids = idSource(
  () => ++born,
  () => 0.5,
);
const hostId = ids.next("hst");
const incident = ids.next("inc");
const options = { fenceWithinMs: 60_000 };

/** How a power switch behaves. */
type Switch = "works" | "is dark" | "says on for ever" | "hangs";

function stage(switches: readonly Switch[], given: { standing?: HostStanding; dead?: boolean } = {}) {
  const clock = virtualClock(1_000_000);
  const said: string[] = [];
  let power: PowerState = "on";
  const devices = switches.map((_, i): FenceDevice => {
    const rest = { agent: `agent-${i + 1}`, options: {}, timeoutMs: 2_000, testedAt: null, ok: false, words: "" };
    return { id: ids.next("fnc"), hostId, position: i + 1, ...rest };
  });
  const behaviour = (device: FenceDevice) => switches[device.position - 1];
  const ask = async <T>(device: FenceDevice, answer: () => T): Promise<T> => {
    if (behaviour(device) === "hangs") return new Promise(() => undefined);
    await clock.sleep(100);
    if (behaviour(device) === "is dark") throw new FenceFailed("Connection timed out");
    return answer();
  };
  let host: Host = {
    ...{ id: hostId, name: "host-1", uri: "simulated://host-1", hostKeySha256: "SHA256:0", state: "silent" },
    ...{ stateSince: 0, stateWords: null, cpus: 8, memoryMiB: 8_192, libvirtVersion: null, qemuVersion: null },
    ...{ faultInjection: false, enrolledAt: 0 },
    ...freshHost,
    standing: given.standing ?? "in-use",
  };
  let proof: Awaited<ReturnType<FencingEnv["store"]["fenceProof"]>>;
  let word: { by: string; at: number } | undefined;
  const env: FencingEnv = {
    clock,
    fence: {
      status: (device) => ask(device, () => (behaviour(device) === "says on for ever" ? "on" : power)),
      switch: (device, to) =>
        ask(device, () => {
          said.push(`${device.agent} ${to}`);
          if (behaviour(device) === "works") power = to;
        }),
    },
    store: {
      host: async () => host,
      fenceDevices: async () => [...devices].reverse(),
      fenceProof: async () => proof,
      personSaysOff: async () => word,
      async recordStanding(_, standing, words, __, given) {
        host = { ...host, standing, standingWords: words };
        proof = given;
        return host;
      },
    },
  };
  const witness = { well: false, dead: given.dead ?? true, lease: undefined as boolean | undefined, granting: true };
  const eyes: Witness = {
    isWell: () => witness.well,
    isDead: () => witness.dead,
    stopGrants: () => {
      witness.granting = false;
    },
    leaseIsOver: () => witness.lease,
    saidOff: () => undefined,
  };
  return {
    ...{ clock, said, witness },
    standing: () => host.standing,
    proof: () => proof,
    power: () => power,
    speak: () => {
      word = { by: "Ada", at: clock.now() };
    },
    switchedOff: () => {
      power = "off";
    },
    /** The end, once so much time has passed. */
    async fence(ms: number) {
      const end = fenceHost(env, options, eyes, hostId, incident);
      await clock.advance(ms);
      return Promise.race([end, Promise.resolve("goes on" as const)]);
    },
  };
}

describe("a host is proven off", () => {
  test("by its power switch, which is believed only when its status says off", async () => {
    const it = stage(["works"]);
    expect(await it.fence(5_000)).toMatchObject({ ok: true, value: { kind: "fenced", method: "power" } });
    expect([it.standing(), it.proof()?.method, it.power(), it.said]).toEqual([
      "fenced",
      "power",
      "off",
      ["agent-1 off"],
    ]);
    expect(it.witness.granting).toBe(false);
  });

  test("by one that is off already, without a switch", async () => {
    const it = stage(["works"]);
    it.switchedOff();
    expect(await it.fence(5_000)).toMatchObject({ value: { method: "power" } });
    expect(it.said).toEqual([]);
  });

  test.each<Switch>(["is dark", "hangs"])("by the second switch, in their order, when the first %s", async (first) => {
    const it = stage([first, "works"]);
    expect(await it.fence(10_000)).toMatchObject({ value: { kind: "fenced", method: "power" } });
    expect(it.said).toEqual(["agent-2 off"]);
  });

  test("by the end of its lease, while the switch does not answer", async () => {
    const it = stage(["hangs"]);
    it.witness.lease = false;
    void it.clock.sleep(12_000).then(() => {
      it.witness.lease = true;
    });
    expect(await it.fence(13_000)).toMatchObject({ value: { kind: "fenced", method: "lease" } });
    expect(it.proof()?.method).toBe("lease");
  });

  test("by a person's word", async () => {
    const it = stage([]);
    void it.clock.sleep(20_000).then(it.speak);
    expect(await it.fence(22_000)).toMatchObject({ words: "Ada says that it is off and stays off." });
    expect(it.proof()?.method).toBe("person");
  });

  test("once: what is proven is not proven again", async () => {
    const it = stage(["works"]);
    await it.fence(5_000);
    expect(await it.fence(5_000)).toMatchObject({ ok: true, value: { kind: "fenced", method: "power" } });
    expect(it.said).toEqual(["agent-1 off"]);
  });
});

describe("a host is not switched off", () => {
  test("while it is not dead by the newest observations", async () => {
    const it = stage(["works"], { dead: false });
    expect(await it.fence(10_000)).toBe("goes on");
    expect([it.said, it.standing()]).toEqual([[], "fencing"]);
  });

  test("when it is well again before", async () => {
    const it = stage(["works"], { dead: false });
    void it.clock.sleep(3_000).then(() => {
      it.witness.well = true;
    });
    expect(await it.fence(5_000)).toMatchObject({ ok: true, value: { kind: "well" } });
    expect([it.said, it.power()]).toEqual([[], "on"]);
  });

  test("when it is being examined already", async () => {
    const it = stage(["works"], { standing: "returning" });
    expect(await it.fence(5_000)).toMatchObject({ value: { kind: "well" } });
    expect(it.said).toEqual([]);
  });
});

test("without a proof it is said in words, and nothing is claimed", async () => {
  const it = stage(["says on for ever", "is dark"]);
  expect(await it.fence(59_000)).toBe("goes on");
  const end = await it.fence(70_000);
  expect(end).toMatchObject({
    ok: false,
    words: expect.stringMatching(/^Not proven off: .*agent-.*it holds no lease/),
  });
  expect([it.standing(), it.proof()]).toEqual(["fencing", undefined]);
});
