import { statesOf } from "../checkpoints/saved.ts";
import { guestAnswers } from "../world/run.ts";
import { createRig, type Rig } from "./rig.ts";
import type { Scenario } from "./scenario.ts";
import { createWatchman } from "./watchman.ts";

export interface Story {
  /** One line each: time, who says it, what happened. */
  readonly lines: readonly string[];
  /** Invariants that were broken: none, where Belay is right. */
  readonly broken: readonly string[];
}

/** Plays a scenario and writes down what happened out there and what Belay said of it. */
export async function tellStory(scenario: Scenario): Promise<Story> {
  const rig = await createRig({
    hosts: scenario.hosts,
    diskLocks: scenario.diskLocks,
    seed: scenario.seed,
    engine: scenario.engine,
    database: scenario.database,
  });
  const startMs = rig.clock.now();
  const watchman = createWatchman(rig);
  const lines: string[] = [];
  const broken: string[] = [];
  // Tenths: a story does not change because the engine asked the store one thing more.
  const seconds = (at: number) => ((at - startMs) / 1000).toFixed(1).padStart(6);
  const line = (at: number, who: "cloud" | "belay" | "WRONG", words: string) =>
    void lines.push(`${seconds(at)}  ${who}  ${words}`);

  rig.cloud.world.onHappening(({ at, words }) => line(at, "cloud", words));
  // By the world's time: the clock on Belay's machine may be set in the middle of a story.
  rig.store.onEvent(({ words }) => {
    if (words !== "") line(rig.clock.now(), "belay", words);
  });

  const look = () => {
    for (const words of watchman.glance()) {
      if (broken.includes(words)) continue;
      broken.push(words);
      line(rig.clock.now(), "WRONG", words);
    }
  };
  const until = (atMs: number) => rig.clock.advance(startMs + atMs - rig.clock.now(), look);

  for (const { atMs, action } of scenario.steps) {
    await until(atMs);
    if ((await rig.act(action)) === undefined)
      throw new Error(`${scenario.name}: at ${atMs} ms this cannot happen: ${JSON.stringify(action)}`);
  }
  await until(scenario.untilMs);
  for (const { at, level, words, facts } of rig.log)
    if (level === "error") lines.push(`${seconds(at)}  error  ${words} ${JSON.stringify(facts ?? {})}`);
  lines.push("", ...ending(rig, startMs), ...saving(rig), ...requests(rig));
  rig.close();
  await rig.clock.advance(0);
  return { lines, broken };
}

/** How each VM stands in the end, and what its incidents came to. */
function ending(rig: Rig, startMs: number): string[] {
  const { tables } = rig.store;
  const { wall } = rig.cloud.world;
  const at = (ms: number | null) => (ms === null ? "never" : `${((wall.toWorld(ms) - startMs) / 1000).toFixed(1)} s`);
  return rig.cloud.world.hosts().flatMap((host) =>
    rig.cloud.world.guests().flatMap((guest) => {
      const domain = host.domains.get(guest.uuid);
      const vm = [...tables.vms.values()].find(
        (row) => row.vm.uuid === guest.uuid && tables.hosts.get(row.vm.hostId)?.host.uri === host.uri,
      )?.vm;
      if (!domain && !vm) return [];
      const state = domain
        ? `${domain.state}${guestAnswers(rig.cloud.world, domain) ? ", answers" : ", silent"}`
        : "gone";
      const incidents = [...tables.incidents.values()]
        .filter((it) => it.vmId === vm?.id)
        .map(
          (it) =>
            `  ${it.state}: ${it.cause}, Tp ${at(it.tp)} (${it.tpSource}), Td ${at(it.td)}, Tr ${at(it.tr)}. ${it.words}`,
        );
      return [
        `${guest.name} on ${host.name}: ${state}; ${incidents.length === 1 ? "1 incident" : `${incidents.length} incidents`}.`,
        ...incidents,
      ];
    }),
  );
}

/** What people who asked for something were told. */
function requests(rig: Rig): string[] {
  const { intents, wishes, vms } = rig.store.tables;
  const answer = (ended: { readonly ok: boolean; readonly words: string } | null) =>
    ended === null ? "no answer yet" : `${ended.ok ? "done" : "not done"}. ${ended.words}`;
  return [
    ...[...intents.values()].map(({ name, ended }) => `The request to kill ${name}: ${answer(ended)}`),
    ...[...wishes.values()].map(
      ({ vmId, wish, ended }) => `The request to ${wish.kind} ${vms.get(vmId)?.vm.name}: ${answer(ended)}`,
    ),
  ];
}

/** What is kept of each VM that was ever saved, how that is shown, and what captures left on hosts. */
function saving(rig: Rig): string[] {
  const { tables } = rig.store;
  const { world } = rig.cloud;
  const shown = [...tables.checkpointStatuses.values()].flatMap(({ status }) => {
    const vm = tables.vms.get(status.vmId)?.vm;
    const kept = statesOf(world.saved, status.vmId);
    const seconds = (ms: number | null) => (ms === null ? "never" : `${Math.round(ms / 1000)} s`);
    const newest = kept[0] ? `, the newest ${seconds(rig.clock.now() - kept[0].takenAt)} old` : "";
    const standby = status.standby ? ` ${status.standby.words}` : "";
    const said = `kept every ${seconds(status.keptEveryMs)}; ${status.trouble ?? "no trouble."}${standby}`;
    return `Checkpoints of ${vm?.name}: ${kept.length}${newest}; ${said}`;
  });
  const left = [...world.saved.leftovers.keys()].map((place) => `Left of a capture: ${place}`);
  return [...shown.sort(), ...left.sort()];
}
