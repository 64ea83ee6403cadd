import { expect, test } from "vitest";
import { change } from "../../contract/index.ts";
import type { DomainSight } from "../../engine/ports.ts";
import {
  consentLadder,
  defaultAgreement,
  type IncidentState,
  type RepairState,
  type Viewer,
} from "../../model/index.ts";
import { seededIds } from "../ids.ts";
import { type Random, seededRandom } from "../random.ts";
import { expectAgreement, expectAnswers, expectSameEvents, openTwins, type Seen } from "./testing/agreement.ts";
import { checkpointCalls } from "./testing/checkpoint-calls.ts";
import { toldTogether } from "./testing/collaboration-calls.ts";
import { hostCalls } from "./testing/host-calls.ts";
import type { Call, Store } from "./testing/twins.ts";

/**
 * The simulation proves something only as far as its store is the real one's twin: a long random row of calls, each made to both,
 * must give the same answer, the same refusal and the same events, to the last word.
 */
const calls = 3000;
/** Calls that need a cloud in some state to do anything: drawn more often, and each must have done something and nothing. */
const rare = [
  ...["openHostIncident", "planHostRepair", "planRelocations", "claimVm", "claimReleased", "fenceProof"],
  ...["openCalledRestore", "calledCheckpoint", "checkpoint", "checkpointsOf"],
];
/** Calls that do something only after another one: drawn more often. */
const inOrder = ["stepStarted", "stepEnded"];
const startMs = 1_700_000_000_000;

/** Draws calls that are sensible often enough to get somewhere, and wrong often enough to be refused. */
function drawer(random: Random, known: Store) {
  const ids = seededIds(77, { now: () => startMs });
  const by: Viewer = { userId: null, name: "Ada", organizationId: ids.next("org"), role: "provider" };
  const made = { keys: 0, hosts: 0 };
  let at = startMs;
  const any = <T>(list: readonly T[]): T | undefined => list[random.between(0, Math.max(0, list.length - 1))];
  const pick = random.pick;
  const drawHosts = hostCalls({ random, ids, by, known, any });
  const drawCheckpoints = checkpointCalls({ random, ids, by, known, any });
  const stepNames = ["bring up", "verify", "hand over"] as const;

  const sight = (name: string): DomainSight => ({
    uuid: `uuid-of-${name}`,
    name,
    ...pick([
      { state: "running", reason: "none", runId: random.between(1, 3) },
      { state: "stopped", reason: "failed", runId: null },
      { state: "paused", reason: "io-error", runId: 2 },
      { state: "stopped", reason: "unknown", runId: null },
    ] as const),
    persistent: random.chance(0.8),
    memoryMiB: pick([256, 512]),
    vcpus: pick([1, 2]),
  });

  return async (): Promise<{ name: string; call: Call }> => {
    at += random.between(0, 3000);
    const now = at;
    const host = any(await known.service.hosts())?.id ?? ids.next("hst");
    const vm = any(await known.service.vms())?.id ?? ids.next("vm");
    const incidents = await known.service.incidents({ limit: 30 });
    const repair = any(incidents.flatMap((it) => it.repairs))?.id ?? ids.next("rep");
    const open = any(await known.engine.openRepairs()) ?? repair;
    const intent = any(await known.engine.pendingIntents())?.id ?? ids.next("int");
    const organization = any(await known.service.organizations())?.id ?? ids.next("org");
    const application = any(await known.service.applications())?.id ?? ids.next("app");
    const letter = pick(["a", "b", "c", "d", "e"]);
    const newIds = { host: ids.next("hst"), organization: ids.next("org"), application: ids.next("app") };
    const consent = pick(consentLadder);
    const seen = sight(`vm-${letter}`);
    const step = pick(stepNames);
    const target = random.chance(0.8) ? open : repair;
    const end = pick([
      { state: "succeeded", incident: "repaired" },
      { state: "not-needed", incident: "cleared" },
      { state: "handed-over", incident: "handed-over" },
      { state: "succeeded", incident: "open" },
      { state: "running", incident: "repairing" },
    ] as const satisfies { state: RepairState; incident: IncidentState }[]);
    const refused = random.chance(0.3);
    const key = `key-${random.chance(0.8) ? made.keys++ : 0}`;
    const pieces = pick(["up", "silent", "silent", "connecting"] as const);
    const facts = { cpus: pick([4, 8]), memoryMiB: 1024, libvirtVersion: "9.0.0", qemuVersion: "7.2.22" };
    const runId = pick([1, 2]);
    const definition = { xml: "<domain/>", diskPaths: [`/vms/${letter}.qcow2`] };
    const withFacts = random.chance(0.5);

    const draw: Record<string, Call> = {
      enrol: ({ service }) =>
        service.enrolHost(
          {
            ...{
              id: newIds.host,
              name: `host-${letter}`,
              uri: `simulated://host-${letter}`,
              hostKeySha256: "SHA256:x",
            },
            ...{ cpus: null, memoryMiB: null, libvirtVersion: null, qemuVersion: null, faultInjection: true },
            enrolledAt: now,
          },
          by,
          now,
        ),
      hosts: ({ engine }) => engine.hosts(),
      vmsOf: ({ engine }) => engine.vmsOf(host),
      recordHost: ({ engine }) =>
        engine.recordHost(host, pieces, now, pieces === "up" ? null : `words ${letter}`, withFacts ? facts : undefined),
      adopt: ({ engine }) => engine.adoptVm(host, seen, refused ? null : definition, "running", now),
      recordVm: ({ engine }) => engine.recordVm(vm, seen, now),
      recordVmToo: ({ engine }) => engine.recordVm(vm, seen, now),
      wanted: ({ engine }) => engine.recordWanted(vm, refused ? "stopped" : "running", "It is so.", now),
      define: ({ engine }) =>
        engine.recordDefinition(vm, `<domain n='${letter}'/>`, refused ? [] : definition.diskPaths),
      definitionKnown: ({ engine }) => engine.definitionKnown(vm),
      modeOf: ({ engine }) => engine.modeOf(vm),
      openIncident: ({ engine }) =>
        engine.openIncident({
          ...{
            vmId: vm,
            layer: "vm",
            cause: "qemu-died",
            certainty: "certain",
            tp: now - 300,
            tpSource: "event",
            td: now,
          },
          evidence: [{ at: now, source: "event", words: "It died.", audience: "all" }],
          words: "The VM's process died.",
          plan: refused ? { refusal: "No." } : { technique: "revive-vm", words: "Start it again." },
        }),
      clearIncident: ({ engine }) => engine.clearIncident(vm, "It is well.", now),
      openIncidentsOf: async ({ engine }) => [...(await engine.openIncidentsOf(host))].sort(),
      repairsSince: ({ engine }) => engine.repairsSince(vm, now - 20_000),
      openRepairs: ({ engine }) => engine.openRepairs(),
      repairWork: ({ engine }) => engine.repairWork(repair),
      beginRepair: ({ engine }) => engine.beginRepair(target, now),
      beginRepairToo: ({ engine }) => engine.beginRepair(target, now),
      stepStarted: ({ engine }) => engine.stepStarted(target, step, now),
      stepEnded: ({ engine }) =>
        engine.stepEnded(
          target,
          step,
          { state: refused ? "failed" : "done", words: `So ${letter}.`, detail: refused ? letter : null },
          now,
        ),
      endRepair: ({ engine }) => engine.endRepair(target, { ...end, words: "It ends.", tr: refused ? null : now }, now),
      recordIntent: ({ service }) => service.recordIntent({ kind: "kill-vm", vmId: vm, runId, key }, by, now),
      intentByKey: ({ service }) => service.intentByKey(key),
      pendingIntents: ({ engine }) => engine.pendingIntents(),
      beginIntent: ({ engine }) => engine.beginIntent(intent, now),
      endIntent: ({ engine }) => engine.endIntent(intent, { ok: !refused, words: "Done." }, now),
      injectedAt: ({ engine }) => engine.injectedAt(vm, now - 30_000),
      intentOutcome: ({ service }) => service.intentOutcome(intent),
      createOrganization: ({ service }) =>
        service.createOrganization({ id: newIds.organization, name: `Org ${letter}`, role: "customer" }, by, now),
      createApplication: ({ service }) =>
        service.createApplication(
          {
            id: newIds.application,
            organizationId: organization,
            name: `App ${letter}`,
            mode: "provider",
            checkpointEveryMs: null,
            agreement: defaultAgreement,
          },
          by,
          now,
        ),
      changeApplication: ({ service }) =>
        service.changeApplication(application, { mode: refused ? "none" : "collaborative" }, by, now),
      changeConsent: ({ service }) => service.changeVm(vm, { consent }, by, now),
      changeOwner: ({ service }) => service.changeVm(vm, { organizationId: refused ? null : organization }, by, now),
      changeBoth: ({ service }) =>
        service.changeVm(
          vm,
          refused ? { applicationId: application, organizationId: organization } : { applicationId: application },
          by,
          now,
        ),
      incidents: ({ service }) => service.incidents({ limit: 10, organizationId: refused ? organization : undefined }),
      snapshot: ({ service }) => service.snapshot(5),
      lastSeq: ({ feed }) => feed.lastSeq(),
      ...(await drawHosts(now)),
      ...(await drawCheckpoints(now)),
    };
    if (random.chance(0.01)) return { name: "removeHost", call: ({ service }) => service.removeHost(host, by, now) };
    const name = any([...Object.keys(draw), ...rare, ...rare, ...inOrder]) ?? "snapshot";
    return { name, call: draw[name] ?? (({ service }) => service.snapshot(5)) };
  };
}

/** What came of the calls, by name, and what was told, of all seeds. */
const seen: Seen = new Map();
const kinds = new Set<string>();

test.each([1, 2])("the store in memory and the one on PostgreSQL agree, seed %i", async (seed) => {
  const twins = await openTwins(seed);
  try {
    const draw = drawer(seededRandom(seed, "calls"), twins.memory);
    await expectAgreement(twins, calls, draw, seen);
    await expectSameEvents(twins, kinds);
  } finally {
    await twins.close();
  }
});

test("the rows of calls went far enough to mean something", () => {
  expectAnswers(seen, rare, ["intentOutcome"]);
  expect([...seen.values()].filter((how) => how.has("refused")).length).toBeGreaterThan(8);
  // All but `cloud.stale`, which no store writes (it stands for others' changes on a customer's page), and what the twins of repairing
  // together tell.
  expect(kinds.size).toBe(change.options.length - 1 - toldTogether.length);
});
