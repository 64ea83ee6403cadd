import { expect, test } from "vitest";
import { aVm, hostNumber, organizationNumber } from "../../decide/testing/clouds.ts";
import { type Incident, parseId, type Sensor, type SensorReport, type Vm } from "../../model/index.ts";
import { endApplicationIncidents } from "./questions.ts";

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
