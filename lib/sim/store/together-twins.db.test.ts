import { expect, test } from "vitest";
import type { DomainSight, EngineStore } from "../../engine/ports.ts";
import { defaultAgreement, type Viewer } from "../../model/index.ts";
import { seededIds } from "../ids.ts";
import { type Random, seededRandom } from "../random.ts";
import {
  expectAgreement,
  expectAnswers,
  expectSameEvents,
  openTwins,
  type Seen,
  startMs,
} from "./testing/agreement.ts";
import { collaborationCalls, toldTogether } from "./testing/collaboration-calls.ts";
import type { Call, Store } from "./testing/twins.ts";

/** As twins.db.test.ts, for repairing together: a cloud in which customers' VMs fail again and again, and everybody speaks of it. */
const calls = 1500;
/** Drawn more often, for what comes after them needs them. */
const often = [
  "fail",
  "fail",
  "begin",
  "end",
  "converse",
  "finish",
  "say",
  "hear",
  "hearOfVm",
  "askAllocation",
  "recordAllocated",
];
const rare = ["heardOf", "unsettled", "undelivered", "tookMs", "conversation", "allocations", "openAllocations"];

const sight = (name: string): DomainSight => ({
  ...{ uuid: `uuid-of-${name}`, name, state: "running", reason: "none", runId: 7, persistent: true },
  ...{ memoryMiB: 256, vcpus: 1 },
});

/** Two customers with an application each, and hosts with VMs of theirs and of nobody's. */
async function furnish(random: Random, by: Viewer, stores: readonly Store[]): Promise<void> {
  const ids = seededIds(91, { now: () => startMs });
  const organizations = ["Aster", "Birch"].map((name) => ({ id: ids.next("org"), name, role: "customer" as const }));
  const applications = organizations.map(({ id: organizationId }) => ({
    ...{ id: ids.next("app"), organizationId, name: "shop", mode: "collaborative" as const },
    ...{ checkpointEveryMs: null, agreement: defaultAgreement },
  }));
  const hosts = ["alpha", "beta"].map((name) => ({
    ...{ id: ids.next("hst"), name, uri: `simulated://${name}`, hostKeySha256: "SHA256:x", faultInjection: true },
    ...{ cpus: null, memoryMiB: null, libvirtVersion: null, qemuVersion: null, enrolledAt: startMs },
  }));
  const vms = ["a", "b", "c", "d", "e", "f"].map((name) => ({
    name,
    host: random.between(0, 1),
    owner: random.between(0, 2),
  }));
  for (const { service, engine } of stores) {
    for (const [nth, it] of organizations.entries()) await service.createOrganization(it, by, startMs + nth);
    for (const [nth, it] of applications.entries()) await service.createApplication(it, by, startMs + nth);
    for (const it of hosts) await service.enrolHost(it, by, startMs);
    for (const { name, host, owner } of vms) {
      const hostId = hosts[host]?.id ?? ids.next("hst");
      const vm = await engine.adoptVm(hostId, sight(name), null, "running", startMs);
      const applicationId = applications[owner]?.id ?? null;
      await service.changeVm(vm.id, { applicationId }, by, startMs);
    }
  }
}

function drawer(random: Random, by: Viewer, known: Store) {
  const ids = seededIds(78, { now: () => startMs });
  let at = startMs;
  let adopted = 0;
  const any = <T>(list: readonly T[]): T | undefined => list[random.between(0, Math.max(0, list.length - 1))];
  const drawTogether = collaborationCalls({ random, ids, by, known, any });

  return async (): Promise<{ name: string; call: Call }> => {
    at += random.between(0, 3000);
    const now = at;
    const host = any(await known.service.hosts())?.id ?? ids.next("hst");
    const vm = any(await known.service.vms())?.id ?? ids.next("vm");
    const repair = any(await known.engine.openRepairs()) ?? ids.next("rep");
    const ends = { state: "succeeded", incident: "repaired", words: "It ends.", tr: now } as const;
    const failure: Parameters<EngineStore["openIncident"]>[0] = {
      ...{ vmId: vm, layer: random.chance(0.3) ? "application" : "vm", cause: "qemu-died", certainty: "certain" },
      ...{ tp: now - 300, tpSource: "event", td: now, evidence: [], words: "It died." },
      plan: random.chance(0.1) ? { refusal: "No." } : { technique: "revive-vm", words: "Start it again." },
    };
    const name = `new-${adopted++}`;
    const draw: Record<string, Call> = {
      snapshot: ({ service }) => service.snapshot(5),
      fail: ({ engine }) => engine.openIncident(failure),
      begin: ({ engine }) => engine.beginRepair(repair, now),
      end: ({ engine }) => engine.endRepair(repair, ends, now),
      adopt: ({ engine }) => engine.adoptVm(host, sight(name), null, "running", now),
      ...(await drawTogether(now)),
    };
    const drawn = any([...Object.keys(draw), ...rare, ...often]) ?? "snapshot";
    return { name: drawn, call: draw[drawn] ?? (({ service }) => service.snapshot(5)) };
  };
}

const seen: Seen = new Map();
const kinds = new Set<string>();

test.each([1, 2])("what both parties say and have is the same in both stores, seed %i", async (seed) => {
  const twins = await openTwins(seed);
  const random = seededRandom(seed, "together");
  const by: Viewer = {
    ...{
      userId: null,
      name: "Ada",
      organizationId: seededIds(5, { now: () => startMs }).next("org"),
      role: "provider",
    },
  };
  try {
    await furnish(random, by, [twins.real, twins.memory]);
    await expectAgreement(twins, calls, drawer(random, by, twins.memory), seen);
    await expectSameEvents(twins, kinds);
  } finally {
    await twins.close();
  }
});

test("they went far enough to mean something", () => {
  expectAnswers(seen, rare, []);
  for (const name of ["hear", "hearOfVm", "converse", "askAllocation", "recordAllocated", "askFree", "removeImage"])
    expect([name, [...(seen.get(name) ?? [])]]).toEqual([name, expect.arrayContaining(["answered", "refused"])]);
  for (const kind of toldTogether) expect(kinds).toContain(kind);
});
