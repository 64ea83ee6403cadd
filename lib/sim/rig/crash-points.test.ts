import { expect, test } from "vitest";
import type { KillPoint } from "../life.ts";
import { type CloudSpec, cloudSpec } from "../world/cloud-spec.ts";
import { guestAnswers } from "../world/run.ts";
import { type Action, action } from "./actions.ts";
import { createRig, type Rig } from "./rig.ts";
import { createWatchman } from "./watchman.ts";

/**
 * Generated: Belay is killed before and after every single call that it makes during a repair, and started again a little later.
 * Whatever the point, the VM has to come back once, by one start, with one incident that says that Belay repaired it, and no invariant broken on the way.
 */
interface Trial {
  readonly fault: Action;
  /** What Belay does to the VM, in the world's words: exactly once. */
  readonly effect: RegExp;
  /** So often, where it is done to more than one. */
  readonly times?: number;
  readonly persistent?: boolean;
  /** More than the one host, and what is asked before the fault. */
  readonly hosts?: CloudSpec["hosts"];
  readonly before?: readonly Action[];
  /** What is asked takes so long until it is so. */
  readonly beforeMs?: number;
  /** Calls that only look, and are no points to be killed at. */
  readonly looks?: RegExp;
  /** Another end that is right, because of what a dead Belay took along. */
  readonly orElse?: (rig: Rig) => boolean;
}

/** With what is left out as a script has it. */
const togetherAction = (what: string, rest: object): Action => action.parse({ do: what, ...rest });

const trials: Record<string, Trial> = {
  "QEMU killed": { fault: { do: "kill-qemu", vm: "web-1" }, effect: /starts web-1/ },
  "guest panicked": { fault: { do: "panic", vm: "web-1" }, effect: /starts web-1/ },
  "guest switched itself off": { fault: { do: "guest-powers-off", vm: "web-1" }, effect: /starts web-1/ },
  "watchdog fired": { fault: { do: "watchdog", vm: "web-1" }, effect: /starts web-1/ },
  paused: { fault: { do: "person-pauses", vm: "web-1" }, effect: /resumes web-1/ },
  asleep: { fault: { do: "guest-sleeps", vm: "web-1" }, effect: /wakes web-1/ },
  "transient domain died": {
    ...{ fault: { do: "kill-qemu", vm: "web-1" }, effect: /starts web-1/, persistent: false },
    // Only the dead Belay heard how it went. To the next one the domain is gone, and may run elsewhere: a person has to look.
    orElse: (rig) => incidentsOf(rig).some((it) => it.cause === "vanished" && it.state === "handed-over"),
  },
  "host lost its power": {
    ...{ fault: { do: "host-power-off", host: "host-1" }, effect: /starts web-1 as generation/ },
    hosts: cloudSpec.parse({
      hosts: [1, 2, 3].map((n) => ({
        ...{ name: `host-${n}`, sharedPaths: ["/shared"], fence: [{}] },
        vms: n === 1 ? [{ name: "web-1" }] : [],
      })),
      diskLocks: false,
    }).hosts,
    before: [{ do: "choose", vm: "*", consent: "relocate" }],
    looks:
      /^(prober|wakes|helpers)\.|reachedFrom|listDomains|sshAnswers|\.(hosts|host|vm|vmsOf|allVms|policy|openIncidentsOf|openRepairs|fenceDevices|openHostIncidents|openMaintenances|openIntents|unsettled|applicationIncidents|openAllocations|recordTolerance|recordHealth)$/,
  },
  "QEMU killed, and there is a checkpoint": {
    ...{ fault: { do: "kill-qemu", vm: "web-1" }, effect: /restores web-1/ },
    before: [{ do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: 60_000 }],
    beforeMs: 8000,
    looks:
      /^(prober|wakes|helpers)\.|listDomains|\.(hosts|host|vm|vmsOf|allVms|policy|openIncidentsOf|openRepairs|openHostIncidents|openMaintenances|openIntents|unsettled|applicationIncidents|openAllocations|pendingWishes|checkpointIntervals|checkpointStatuses|recordTolerance|recordHealth)$/,
  },
  "QEMU killed, and its group goes back with it": {
    ...{ fault: { do: "kill-qemu", vm: "web-1" }, effect: /lets (web|db)-1 go on/, times: 2 },
    hosts: cloudSpec.parse({
      hosts: [
        { name: "host-1", sharedPaths: ["/shared"], vms: [{ name: "web-1" }] },
        { name: "host-2", sharedPaths: ["/shared"], vms: [{ name: "db-1" }] },
      ],
    }).hosts,
    before: [{ do: "choose", vm: "*", consent: "roll-back", checkpointEveryMs: 60_000, checkpointGroup: "pair" }],
    beforeMs: 8000,
    looks:
      /^(prober|wakes|helpers)\.|listDomains|\.(hosts|host|vm|vmsOf|allVms|policy|openIncidentsOf|openIncidentOf|openRepairs|openHostIncidents|openMaintenances|openIntents|unsettled|applicationIncidents|openAllocations|pendingWishes|checkpointIntervals|checkpointStatuses|recordTolerance|recordHealth|repairWork|checkpointsOf|held|standing)$/,
  },
  "QEMU killed, and it is repaired together": {
    ...{ fault: { do: "kill-qemu", vm: "web-1" }, effect: /starts web-1 from a fresh disk/ },
    hosts: cloudSpec.parse({ hosts: [{ name: "host-1", sharedPaths: ["/shared"], vms: [{ name: "web-1" }] }] }).hosts,
    before: [
      { do: "put-image", name: "bare", path: "/shared/bare.qcow2" },
      togetherAction("application", { name: "shop", vms: ["web-1"] }),
      { do: "choose", vm: "web-1", consent: "recreate" },
      { do: "made-from", made: "web-1", image: "bare" },
      togetherAction("manager-starts", { vm: "web-1", plan: { phaseMs: 300 } }),
    ],
    looks:
      /^(prober|wakes|helpers)\.|listDomains|\.(hosts|host|vm|vmsOf|allVms|policy|openIncidentsOf|openRepairs|openHostIncidents|openMaintenances|openIntents|unsettled|applicationIncidents|openAllocations|pendingIntents|pendingWishes|checkpointIntervals|checkpointStatuses|recordTolerance|recordHealth|heardOf|repairWork|modeOf|agreementOf|managerOf|tookMs|sensorsOf)$/,
  },
  "killed by the button": {
    ...{ fault: { do: "kill-button", vm: "web-1", key: "k" }, effect: /starts web-1/ },
    // The request was not carried out and whoever asks is told so.
    orElse: ({ cloud, store }) =>
      cloud.world.injected.length === 0 && [...store.tables.intents.values()].every((it) => it.ended?.ok === false),
  },
};

const incidentsOf = (rig: Rig) => [...rig.store.tables.incidents.values()];

function wellAgain(rig: Rig, expected = 1): boolean {
  const { world } = rig.cloud;
  const incidents = incidentsOf(rig);
  const ofVm = incidents.filter(({ vmId }) => vmId !== null);
  // What a host's silence was taken for at first may have been something else.
  const repaired =
    ofVm.every(({ state }) => state === "repaired") && incidents.every(({ endedAt }) => endedAt !== null);
  return (
    repaired &&
    ofVm.length === expected &&
    world.hosts().some((host) => [...host.domains.values()].some((it) => guestAnswers(world, it)))
  );
}

/** Plays the fault, with a kill at the point where one is given. What was wrong, and the calls that it took. */
async function play(trial: Trial, point?: KillPoint, pauseMs = 0) {
  const { fault, effect, times = 1, persistent = true, before = [], beforeMs = 0, orElse = () => false } = trial;
  const hosts = trial.hosts ?? [{ name: "host-1", vms: [{ name: "web-1", persistent }] }];
  const rig = await createRig({ hosts, diskLocks: trial.hosts === undefined });
  const watchman = createWatchman(rig);
  const wrong: string[] = [];
  const alive = () => rig.belay.aliveSince() !== undefined;
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  for (const action of before) await rig.act(action);
  await rig.clock.advance(beforeMs);
  const made = rig.belay.calls().length;
  if (point) rig.belay.killAt(point);
  await rig.act(fault);
  let calls: readonly string[] = [];
  let other = false;
  for (let looks = 0; looks < 240 && !(alive() && (wellAgain(rig, times) || other)); looks++) {
    await rig.clock.advance(250);
    calls = rig.belay.calls().slice(made);
    if (!alive()) {
      await rig.clock.advance(pauseMs);
      await rig.act({ do: "belay-starts" });
    }
    wrong.push(...watchman.check());
    other = point !== undefined && orElse(rig);
  }
  await rig.clock.advance(5000);
  wrong.push(...watchman.check());
  const effects = rig.cloud.world.history().filter(({ words }) => effect.test(words)).length;
  if (!other && !wellAgain(rig, times)) wrong.push("It did not come back within a minute.");
  if (effects !== (other ? 0 : times)) wrong.push(`${effects} times ${effect.source}.`);
  for (const { level, words, facts } of rig.log) if (level === "error") wrong.push(`${words} ${JSON.stringify(facts)}`);
  rig.close();
  return { wrong, calls };
}

const timeout = 60_000;
test.each(Object.entries(trials))(
  "%s: killed at every call, Belay brings the VM back once",
  { timeout },
  async (_, trial) => {
    const plain = await play(trial);
    expect(plain.wrong).toEqual([]);
    // Of the many times that the guest is asked the first two say all.
    const asked = plain.calls.flatMap((name, index) => (name === "prober.answers" ? [index] : [])).slice(2);
    const points = plain.calls.flatMap((name, index) =>
      asked.includes(index) || trial.looks?.test(name) ? [] : [index + 1],
    );
    expect(points.length).toBeGreaterThan(15);

    const wrong: string[] = [];
    for (const call of points)
      for (const when of ["before", "after"] as const)
        for (const pauseMs of [50, 3000]) {
          const where = `${when} call ${call} (${plain.calls[call - 1]}), back after ${pauseMs} ms`;
          const played = await play(trial, { call, when }, pauseMs);
          wrong.push(...played.wrong.map((words) => `${where}: ${words}`));
        }
    expect(wrong).toEqual([]);
  },
);
