import { describe, expect, test } from "vitest";
import { aHost, aVm, hostNumber } from "../decide/testing/clouds.ts";
import type { Host, IncidentState, Vm, VmState } from "../model/index.ts";
import { type Sees, seenElsewhere } from "./adopt.ts";
import { type DomainSight, HostUnreachable, type NewIncident } from "./ports.ts";

const [here, there] = [hostNumber(1), hostNumber(2)];
const sight = (state: VmState): DomainSight => ({
  ...{ uuid: "u", name: "vm-1", state, reason: "none", runId: 1, persistent: true, memoryMiB: 1024, vcpus: 1 },
});

interface Case {
  readonly here?: VmState;
  /** What the host that has it says; undefined where it does not know it. */
  readonly there?: VmState | "silent" | undefined;
  readonly vm?: Partial<Vm>;
  readonly incident?: IncidentState;
  readonly standing?: Host["standing"];
  /** Where it was going to was removed from Belay. */
  readonly removed?: true;
  readonly both?: boolean;
}

/** vm-1 is host-2's, and host-1 shows it. */
async function see(it: Case) {
  const opened: NewIncident[] = [];
  const vm = aVm(1, there, it.vm);
  const moved: string[] = [];
  const env: Sees = {
    clock: { now: () => 5, monotonicMs: () => 5, sleep: async () => undefined },
    store: {
      vm: async () => vm,
      host: async (id) =>
        id === there ? aHost(2, { standing: it.standing ?? "in-use" }) : it.removed ? undefined : aHost(1),
      openIncidentsOf: async () => new Map(it.incident === undefined ? [] : [[vm.id, it.incident]]),
      recordMoved: async (_, to) => {
        moved.push(to);
        return { ...vm, hostId: to };
      },
      openIncident: async (incident) => {
        opened.push(incident);
        return undefined;
      },
    },
    hypervisor: {
      readDomain: async () => {
        if (it.there === "silent") throw new HostUnreachable("no connection");
        return it.there === undefined ? undefined : sight(it.there);
      },
    },
  };
  const found = await seenElsewhere(env, aHost(1), vm, sight(it.here ?? "running"), it.both ?? false);
  return { found, opened, moved };
}

describe("a domain that is known on another host", () => {
  test.each([
    ["gone there", {}],
    ["off there", { there: "stopped" }],
    ["there on a host that is proven off and cannot be asked", { there: "silent", standing: "fenced" }],
    ["on its way to a host that was removed, and gone there", { vm: { movingTo: hostNumber(3) }, removed: true }],
  ] as const)("and is %s was moved by hand: it is this host's now", async (_, over) => {
    const { found, moved } = await see(over);
    expect(moved).toEqual([here]);
    expect(found.mine?.hostId).toBe(here);
  });

  test.each([
    ["on its way by our own hand", { vm: { movingTo: here } }],
    ["under repair", { incident: "repairing" }],
    ["only defined here", { here: "stopped" }],
    ["in the middle of a migration by hand", { there: "paused" }],
    ["on a host that cannot be asked", { there: "silent" }],
    ["on a host that is being fenced", { standing: "fencing" }],
    ["under repair, for its host is proven off", { standing: "fenced", incident: "open" }],
    ["on a host that is examined", { standing: "returning", there: "running" }],
  ] as const)("and is %s is left alone", async (_, over) => {
    const { found, opened, moved } = await see({ both: true, ...over });
    expect({ found, opened, moved }).toEqual({ found: { both: false }, opened: [], moved: [] });
  });

  test("and runs on both is an alarm when it is seen twice; no hand is laid on either", async () => {
    expect((await see({ there: "running" })).opened).toEqual([]);
    const { opened, moved, found } = await see({ there: "running", both: true });
    expect(opened).toMatchObject([
      { cause: "two-copies", plan: { refusal: expect.stringMatching(/which of the two/) } },
    ]);
    expect(opened[0]?.evidence.filter(({ audience }) => audience === "all").map(({ words }) => words)).toEqual([
      "Two hosts say that they run it.",
    ]);
    expect({ moved, found }).toEqual({ moved: [], found: { both: true } });
  });
});
