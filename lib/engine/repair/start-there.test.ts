import { expect, test } from "vitest";
import { aHost, aVm, hostNumber } from "../../decide/testing/clouds.ts";
import { idSource } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import type { DomainCopy } from "../ports.ts";
import { type Frees, freeThere } from "./start-there.ts";

let born = 0;
const ids = idSource(
  () => ++born,
  () => 0.5,
);
const [repairId, incidentId] = [ids.next("rep"), ids.next("inc")];
const there = hostNumber(2);
const at = { plannedAt: 1, finishedAt: null, td: 1, tp: 1, tr: null, endedAt: null } as const;

/** vm-1 was given to host-2 as generation 3, and its start there was refused. */
function free(copy: Partial<DomainCopy> | undefined, generation: number | undefined) {
  const released: string[] = [];
  const vm = aVm(1, there, { generation: 3 });
  const env: Frees = {
    clock: virtualClock(1_000_000),
    store: {
      fenceProof: async () => undefined,
      repairWork: async () => ({
        ...{ vm, host: aHost(2), definition: "<domain/>" },
        repair: {
          ...{ id: repairId, incidentId, vmId: vm.id, technique: "relocate", state: "running", words: "", steps: [] },
          ...at,
        },
        incident: {
          ...{ id: incidentId, layer: "host", cause: "host-lost", certainty: "certain", state: "repairing" },
          ...{ hostId: hostNumber(1), vmId: vm.id, partOf: null, awaits: null, organizationId: null },
          ...{ applicationId: null, tpSource: "scan", words: "", evidence: [], repairs: [], ...at },
        },
      }),
    },
    hypervisor: {
      copiesOn: async () =>
        copy === undefined || released.length > 0
          ? []
          : [{ uuid: vm.uuid, name: vm.name, generation: 3, active: true, ...copy }],
      release: async (host) => {
        released.push(host);
        return { done: true, words: "It was switched off." };
      },
    },
  };
  return freeThere(env, { reviveWithinMs: 10_000 }, repairId, there, generation).then((end) => ({ end, released }));
}

test.each([
  ["nothing of it", undefined, { ok: true, value: { runs: false } }, [there]],
  ["its start, which came through after all,", {}, { ok: true, value: { runs: true } }, []],
  ["what is left of its start", { active: false }, { ok: true, value: { runs: false } }, [there]],
  ["a definition of before", { active: false, generation: null }, { ok: true, value: { runs: false } }, [there]],
  ["a copy that was moved there by hand", { generation: null }, { ok: false }, []],
  ["an older copy that runs", { generation: 2 }, { ok: false }, []],
] as const)("where the host has %s", async (_, copy, expected, gone) => {
  const { end, released } = await free(copy, 3);
  expect(end).toMatchObject(expected);
  expect(released).toEqual(gone);
});

test("its own start is ended for another try, and a copy that is not its own never", async () => {
  expect(await free({}, undefined)).toMatchObject({ end: { ok: true }, released: [there] });
  expect(await free({ generation: null }, undefined)).toMatchObject({
    ...{ end: { ok: false, words: expect.stringMatching(/has not started that one/) }, released: [] },
  });
});
