import { powerOff, powerOn, runOnHost, setBmc } from "../../lab/index.ts";
import type { IncidentView, MaintenanceView } from "../../lib/contract/index.ts";
import { watchCopies } from "../stack/copies.ts";
import { cloudOf, until } from "../stack/enrol.ts";
import {
  allProtected,
  answers,
  type FaultLab,
  hostIncidents,
  installHelper,
  openFaultLab,
  page,
} from "../stack/fault-lab.ts";
import { oneOf, type Values, whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

const guests = ["shop-1", "shop-2", "shop-3"] as const;
/** Gets no VMs, and is asked as a peer: so all three come back on one host, and the next run can begin there. */
const witness = "host-3";

const slowMs = 20_000;

interface Run {
  readonly detectMs: number;
  readonly fencedMs: number;
  readonly allBackMs: number;
}

async function keepEmpty(fault: FaultLab, name: string): Promise<void> {
  const host = await fault.host(name);
  await fault.server.api<MaintenanceView>("POST", `/hosts/${host.id}/maintenance`, { parallel: 1 });
}

/** When the step was done, from the incident's own journal. */
const doneAt = (incident: IncidentView, step: string): number => {
  const found = incident.repairs.flatMap((repair) => repair.steps).find((it) => it.name === step);
  if (found?.finishedAt == null) throw new Error(`the repair has no finished step "${step}"`);
  return found.finishedAt;
};

/** What each step of a slow run took, for whoever wants to know why. */
async function timesOf({ server }: FaultLab, whole: IncidentView): Promise<string[]> {
  const { incidents } = await cloudOf(server);
  return [whole, ...incidents.filter((it) => it.partOf === whole.id)].flatMap((it) => [
    `${it.words} Td + ${it.tr === null ? "?" : it.tr - it.td} ms`,
    ...it.repairs.flatMap(({ steps }) =>
      steps.map(
        ({ name, startedAt, finishedAt, attempts, words, detail }) =>
          `  ${name}: Td + ${startedAt - it.td}, ${finishedAt === null ? "?" : finishedAt - startedAt} ms, ${attempts} attempts. ${words} ${detail ?? ""}`,
      ),
    ),
  ]);
}

async function evacuated(fault: FaultLab, victim: string, dark: boolean, log: BenchContext["log"]): Promise<Run> {
  const { name, server, subjects } = fault;
  const known = new Set((await hostIncidents(server)).map((it) => it.id));
  const before = new Map(
    await Promise.all(subjects.map(async ({ guest }) => [guest.name, await answers(guest)] as const)),
  );
  if (dark) await setBmc(name, victim, "dark");
  const offAt = Date.now();
  await powerOff(name, victim);
  await Promise.all(
    subjects.map(({ guest }) =>
      until(`${guest.name} back`, async () => {
        const now = await page(guest.address);
        return now !== undefined && now !== before.get(guest.name) ? now : undefined;
      }),
    ),
  );
  const allBackMs = Date.now() - offAt;
  const incident = await until("the host's incident ends", async () =>
    (await hostIncidents(server)).find((it) => !known.has(it.id) && it.endedAt !== null),
  );
  if (allBackMs > slowMs) for (const line of await timesOf(fault, incident)) log(`  ${line}`);
  if (incident.state !== "repaired") throw new Error(`it ended ${incident.state}: ${incident.words}`);
  if (dark) await setBmc(name, victim, "lit");
  await powerOn(name, victim);
  await allProtected(fault);
  if (dark) await installHelper(fault, await fault.host(victim));
  return { detectMs: incident.td - offAt, fencedMs: doneAt(incident, "fence") - offAt, allBackMs };
}

/** The floor: the same guests switched off and started at once by hand on a host that never failed. */
async function startedByHand({ name, subjects }: FaultLab, host: string): Promise<number> {
  const began = Date.now();
  await Promise.all(
    subjects.map(async ({ guest }) => {
      const before = await page(guest.address);
      await runOnHost(name, host, ["virsh", "reset", guest.name]);
      await until(`${guest.name} back`, async () => {
        const now = await page(guest.address);
        return now !== undefined && now !== before ? now : undefined;
      });
    }),
  );
  return Date.now() - began;
}

/** What Belay says of everything that has not ended: why a run was lost. */
async function told({ server }: FaultLab): Promise<string[]> {
  const { hosts, incidents } = await cloudOf(server);
  return [
    ...hosts.map((it) => `${it.name}: ${it.state}, ${it.health}, ${it.standing}. ${it.standingWords ?? ""}`),
    ...incidents
      .filter((it) => it.endedAt === null)
      .flatMap((it) => [
        `${it.cause} ${it.state}: ${it.words}`,
        ...it.repairs.flatMap(({ steps }) =>
          steps.map((step) => `  ${step.name} ${step.state}: ${step.words} ${step.detail ?? ""}`),
        ),
      ]),
  ];
}

const flags = {
  runs: whole("N", 5, "how often a host loses its power"),
  bmc: oneOf(["lit", "dark"], "lit", "dark: its power controller loses the power too"),
};

async function run({ log, lab: openLab, onEnd }: BenchContext, { runs, bmc }: Values<typeof flags>) {
  const dark = bmc === "dark";
  const { name } = await openLab({ hosts: 3 });
  const fault = await openFaultLab({
    lab: { name },
    guests: Object.fromEntries(guests.map((guest) => [guest, "host-1"])),
    // Runs follow one another within a minute: to the storm guard that would look like a storm.
    policy: { stormWindowMs: 5_000 },
    helper: dark,
    log,
    onEnd,
  });
  await keepEmpty(fault, witness);
  const watch = watchCopies(new Map(fault.subjects.map(({ guest }) => [guest.uuid, guest.name])));
  onEnd(() => watch.stop());
  const done: Run[] = [];
  const byHandMs: number[] = [];
  let lost = 0;
  let [victim, other] = ["host-1", "host-2"];
  for (let count = 1; count <= runs; count++) {
    try {
      const it = await evacuated(fault, victim, dark, log);
      done.push(it);
      log(
        `run ${count}/${runs}: dead after ${it.detectMs} ms, proven off after ${it.fencedMs}, all back after ${it.allBackMs}`,
      );
    } catch (error) {
      lost++;
      log(`run ${count}/${runs}: LOST: ${error instanceof Error ? error.message : String(error)}`);
      for (const line of await told(fault)) log(`  ${line}`);
      break; // where the VMs are now is not what the next run begins with
    }
    [victim, other] = [other, victim];
    byHandMs.push(await startedByHand(fault, victim));
  }
  await watch.stop();
  return {
    bmc,
    detectMs: summary(done.map((it) => it.detectMs)),
    fencedMs: summary(done.map((it) => it.fencedMs)),
    allBackMs: summary(done.map((it) => it.allBackMs)),
    lost,
    doubleStarts: watch.doubles.length,
    looksForDoubles: watch.looks,
    comparedWith:
      "the same three guests reset at once by hand with `virsh reset` on a host that lives: what booting alone takes",
    byHandMs: summary(byHandMs),
    target: dark
      ? "allBackMs.p95 ≤ 40000, doubleStarts = 0, lost = 0"
      : "detectMs.p95 ≤ 4000, fencedMs.p95 ≤ 6000, allBackMs.p95 ≤ 25000, doubleStarts = 0, lost = 0",
  };
}

export const bench = measurement({
  name: "evacuate",
  summary:
    "a host with three VMs loses its power → declared dead (detectMs) → proven off (fencedMs) → all three answer elsewhere (allBackMs)",
  ...{ flags, run },
});
