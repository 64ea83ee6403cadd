import { expect, test } from "vitest";
import { aHost, aVm, hostNumber, organizationNumber } from "../../decide/testing/clouds.ts";
import {
  type CustomerView,
  type Host,
  type Incident,
  idSource,
  type JointConclusion,
  parseId,
  type Sensor,
  type SensorReport,
  type Vm,
} from "../../model/index.ts";
import { answerQuestions, endApplicationIncidents, type Question } from "./questions.ts";

const applicationId = parseId("app", `app_${"1".padStart(20, "0")}`);
const incidentId = parseId("inc", `inc_${"1".padStart(20, "0")}`);
if (applicationId === undefined || incidentId === undefined) throw new Error("not an id");
const [vm, other] = [aVm(1, hostNumber(1), { wanted: "running" }), aVm(2, hostNumber(1))];

const minute = 60_000;
const td = 10 * minute;
const incident: Incident = {
  ...{ id: incidentId, layer: "application", cause: "application-down", certainty: "certain", state: "handed-over" },
  ...{ hostId: hostNumber(1), vmId: vm.id, partOf: null, awaits: null, organizationId: organizationNumber(1) },
  ...{ applicationId, tp: td, tpSource: "event", td, tr: null, endedAt: null, words: "", evidence: [], repairs: [] },
};
const sensor = (state: Sensor["state"], vmId: Vm["id"] | null = vm.id): Sensor => ({
  ...{ name: "s", kind: "http", server: "lb", vmId, fromVmId: null, state, since: 0, words: "" },
});
const reported = (reportedAt: number, ...sensors: readonly Sensor[]): SensorReport => ({
  ...{ organizationId: organizationNumber(1), applicationId, reportedAt, sensors },
});

interface Case {
  readonly now?: number;
  readonly vm?: Partial<Vm>;
  readonly report?: SensorReport;
  /** What is open for the VM by the time it is asked. */
  readonly open?: Incident;
}

async function ends(it: Case): Promise<string | undefined> {
  let words: string | undefined;
  const left = await endApplicationIncidents({
    clock: { now: () => it.now ?? td + 2_000, monotonicMs: () => 0, sleep: async () => undefined },
    store: {
      applicationIncidents: async () => [incident],
      sensorsOf: async () => it.report,
      vm: async () => ({ ...vm, ...it.vm }),
      openIncidentOf: async () => it.open ?? incident,
      clearIncident: async (_, said) => {
        words = said;
      },
    },
  });
  expect(left).toEqual(words === undefined ? [vm.id] : []);
  return words;
}

const cases: readonly (readonly [string, Case, RegExp | undefined])[] = [
  ["its sensors are well", { report: reported(td + 1_000, sensor("ok"), sensor("failing", other.id)) }, /serves again/],
  ["one of its sensors is not", { report: reported(td + 1_000, sensor("ok"), sensor("failing")) }, undefined],
  ["its sensors were well before", { report: reported(td - 1_000, sensor("ok")) }, undefined],
  [
    "none looks at it, and those of its application are well",
    { report: reported(td + 1, sensor("ok", null)) },
    /again/,
  ],
  [
    "none looks at it, and one of its application is not",
    { report: reported(td + 1, sensor("failing", null)) },
    undefined,
  ],
  ["its owner wants it stopped", { vm: { wanted: "stopped" } }, /wants it stopped/],
  ["they are silent for a while", { now: td + 29 * minute, report: reported(td - 1, sensor("failing")) }, undefined],
  ["they are silent for long", { now: td + 31 * minute, report: reported(td - 1, sensor("failing")) }, /half an hour/],
  ["there never was one, for long", { now: td + 31 * minute }, /half an hour/],
  ["the VM itself failed meanwhile", { vm: { wanted: "stopped" }, open: { ...incident, layer: "vm" } }, undefined],
];

test.each(cases)("an application that is down, and %s", async (_, it, words) => {
  const said = await ends(it);
  if (words === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(words);
});

const messageId = idSource(
  () => td,
  () => 0,
).next("msg");
const question = (customer: CustomerView, organization = 1): Question => ({
  ...{ id: messageId, organizationId: organizationNumber(organization), incidentId: null, repairId: null, sequence: 1 },
  ...{ at: td, from: "customer", by: "manager" },
  message: { kind: "diagnosis.asked", vmId: vm.id, customer, words: "It is gone." },
});

interface Answered {
  readonly vm?: Partial<Vm>;
  /** As it is written down, where that is not what its host says now: at first, and once it was looked at. */
  readonly known?: Partial<Vm>;
  readonly later?: Partial<Vm>;
  readonly host?: Partial<Host>;
  readonly open?: Incident;
  readonly waitedMs?: number;
  /** What the engine's own watch knows of the guest. */
  readonly lastAnswer?: number;
  readonly asks?: readonly Question[];
}

/** The answers, and what it took to give them. */
async function answer(customer: CustomerView, it: Answered = {}) {
  const told: { readonly incidentId: string | null; readonly conclusion: JointConclusion; readonly vm: string }[] = [];
  let looked = 0;
  let opened = 0;
  const questions = it.asks ?? [question(customer)];
  const settled: string[] = [];
  await answerQuestions(
    {
      clock: { now: () => td, monotonicMs: () => 0, sleep: () => new Promise(() => {}) },
      prober: { answers: async () => true },
      hypervisor: {
        async readDomain() {
          looked++;
          return { ...vm, state: "running", ...it.vm };
        },
      },
      store: {
        vm: async () => ({
          ...{ ...vm, organizationId: organizationNumber(1), state: "running", ...it.vm, ...it.known },
          ...(looked > 0 && it.later),
        }),
        host: async () => ({ ...aHost(1), ...it.host }),
        openHostIncidents: async () => [],
        openIncidentOf: async () => it.open,
        openIncident: async () => {
          opened++;
          return undefined;
        },
        async say({ incidentId, message }) {
          if (message.kind === "diagnosis.answered")
            told.push({ incidentId, conclusion: message.conclusion, vm: message.provider.vm });
          return messageId;
        },
        settle: async (id) => void settled.push(id),
      },
    },
    { probeTimeoutMs: 500 },
    { answers: () => it.lastAnswer, lastAnswer: () => it.lastAnswer, verdict: () => ({ kind: "well" }) },
    new Set(),
    questions,
    it.waitedMs ?? 0,
  );
  expect(settled).toHaveLength(questions.length);
  return { told, looked, opened };
}

const cut: CustomerView = { reached: "by-none", processes: "unknown", service: "fails" };

test("where both conclude that the VM failed and nothing is under way, the answer says so and names no incident", async () => {
  const { told, opened } = await answer(cut);
  expect(told).toMatchObject([{ incidentId: null, conclusion: { layer: "vm", certainty: "likely" } }]);
  expect(told[0]?.conclusion.words).toContain("The provider repairs nothing of this VM yet.");
  expect(opened).toBe(0); // on the customer's word alone nothing of the VM is touched
});

test.each([
  ["repairing", "It is being repaired (incident"],
  ["handed-over", "People were told (incident"],
] as const)("where an incident of the VM is %s, the answer names it", async (state, words) => {
  const { told } = await answer(cut, { vm: { state: "crashed" }, open: { ...incident, layer: "vm", state } });
  expect(told).toMatchObject([{ incidentId: incident.id, conclusion: { layer: "vm", certainty: "certain" } }]);
  expect(told[0]?.conclusion.words).toContain(words);
});

test("questions about one VM share a look, and another owner's is not answered", async () => {
  const { told, looked } = await answer(cut, { asks: [question(cut), question(cut), question(cut, 2)] });
  expect(looked).toBe(1);
  expect(told).toHaveLength(2);
});

test.each([
  ["answered when it was asked last", 1, "running"],
  ["did not", undefined, "silent"],
] as const)(
  "a question that waited too long is answered by what is known: a guest that %s",
  async (_, lastAnswer, sees) => {
    const { told, looked } = await answer(cut, { waitedMs: 400, ...(lastAnswer !== undefined && { lastAnswer }) });
    expect(looked).toBe(0);
    expect(told).toMatchObject([{ vm: sees }]);
  },
);

const off = { state: "stopped", wanted: "stopped" } as const;
test.each([
  ["is off because that was wanted", { vm: off }, "certain", "off because that was wanted"],
  [
    "is wanted off, which is learned while it is looked at",
    { vm: { state: "stopped" }, later: off },
    "certain",
    "wanted",
  ],
  ["is wanted off and goes off", { vm: { wanted: "stopped" } }, "certain", "wanted off"],
  ["is wanted off, on a host that died", { vm: off, host: { standing: "fenced" } }, "certain", "wanted off"],
  ["has just gone off", { vm: { state: "stopped" }, known: { state: "running" } }, "unsure", "not known yet"],
] as const)(
  "of a VM that %s nothing is said to have failed: its owner's manager would give its disk back",
  async (_, it, certainty, words) => {
    for (const reached of ["by-none", "by-all"] as const) {
      const { told, opened } = await answer({ ...cut, reached }, it);
      expect(told).toMatchObject([{ conclusion: { layer: null, certainty } }]);
      expect(told[0]?.conclusion.words).toContain(words);
      expect(opened).toBe(0);
    }
  },
);

test("a VM that is off and wanted to run has failed", async () => {
  const { told } = await answer(cut, { vm: { state: "stopped" } });
  expect(told).toMatchObject([{ conclusion: { layer: "vm", certainty: "certain" } }]);
});
