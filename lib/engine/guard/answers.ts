import { consentRefusal, type HostVerdict, type Storm, stormOf } from "../../decide/index.ts";
import { type Cause, type Evidence, type HostId, type IncidentId, techniques, type Vm } from "../../model/index.ts";
import { tellBeside } from "../beside.ts";
import type { Env } from "../env.ts";
import type { NewHostIncident } from "../ports/store.ts";
import { isLeftToPeople } from "../repair/left-to-people.ts";
import type { Cloud } from "./cloud.ts";
import { homeAgain } from "./home.ts";
import { type HostFile, isSteady, openRepairOf, silentForMs } from "./host-file.ts";
import type { Leases } from "./leases.ts";
import { examine } from "./returning.ts";
import { within } from "./within.ts";

type Trouble = Extract<HostVerdict, { readonly evidence: unknown }>;

const troubleMs = 1_000;
const actsAtOnce = 64;
/** After a proof was looked for in vain: so long until the next time, twice as long each time. */
const proofEveryMs = { first: 15_000, most: 300_000 } as const;

const atHomeOnly = "It waits for its host: its owner does not allow that it is started elsewhere.";

const causeOf = {
  dead: "host-dead",
  isolated: "host-isolated",
  "we-are-cut-off": "host-isolated",
  "libvirtd-dead": "libvirtd-dead",
} as const satisfies Record<Trouble["kind"], Cause>;

/** What is begun, or ended, upon the guard's verdicts. One thing at a time per host; everything may be done twice. */
export class Answers {
  readonly #env: Env;
  readonly #cloud: Cloud;
  readonly #leases: Leases;
  readonly #nudge: () => void;
  readonly #running = new Set<Promise<void>>();

  constructor(env: Env, cloud: Cloud, leases: Leases, nudge: () => void) {
    this.#env = env;
    this.#cloud = cloud;
    this.#leases = leases;
    this.#nudge = nudge;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  answer(verdicts: ReadonlyMap<HostId, HostVerdict>): void {
    const now = this.#env.clock.monotonicMs();
    let storm: Storm | undefined;
    for (const [id, verdict] of verdicts) {
      const file = this.#cloud.files.get(id);
      if (file !== undefined) file.dead = verdict.kind === "dead";
      if (file === undefined || file.busy || now < file.notBeforeMs || this.#running.size >= actsAtOnce) continue;
      const act = this.#actFor(file, verdict, now, () => {
        storm ??= this.#storm(verdicts);
        return storm;
      });
      if (act !== undefined) this.#begin(file, act);
    }
  }

  /** What there is to do about one host now; undefined, nearly always, when there is nothing. */
  #actFor(file: HostFile, verdict: HostVerdict, now: number, storm: () => Storm): (() => Promise<void>) | undefined {
    const { standing } = file.host;
    const open = file.incident;
    if (standing === "fenced") {
      const back = file.everHeard && file.heardMark !== file.fencedMark && isSteady(file, now);
      return back ? () => this.#comeBack(file) : undefined;
    }
    if (verdict.kind === "well") {
      if (!isSteady(file, now)) return undefined;
      file.saidOff = undefined; // it was said of a host that was not heard of: of this life of it nobody has said anything
      if (standing === "returning") return () => this.#takeBack(file);
      if (open === undefined && standing !== "fencing") return undefined;
      return openRepairOf(open) === undefined ? () => this.#settle(file) : undefined;
    }
    if (!("evidence" in verdict)) return undefined;
    if (standing === "maintenance" && open === undefined) return () => this.#tell(file, verdict);
    if (openRepairOf(open) !== undefined) return undefined;
    if (standing === "maintenance")
      return open?.state === "open" && open.awaits === null ? () => this.#setAside(file) : undefined;
    if (standing === "fencing" && open?.cause === "host-dead") {
      if (wasAnswered(file)) return () => this.#goOn(file, "A person says that it is off.");
      if (this.#leases.isOver(file) === true) return () => this.#goOn(file, "Its lease is over.");
      if (open.state === "open") return () => this.#goOn(file, "Belay goes on."); // planned, and never begun
      return verdict.kind === "dead" && now >= file.switchNotBeforeMs ? () => this.#trySwitch(file) : undefined;
    }
    if (open?.cause === "host-isolated" || open?.cause === "libvirtd-dead") {
      const unseen = verdict.kind === "isolated" || verdict.kind === "we-are-cut-off";
      if (unseen && wasAnswered(file)) return () => this.#heedWord(file, verdict);
      if (causeOf[verdict.kind] === open.cause) return undefined;
      return () => this.#replace(file, verdict.words);
    }
    if (open?.cause === "host-dead") {
      const approved = open.state === "open" && open.awaits === null;
      // Whatever is known of it by now: the repair proves it off before it does anything, and says so when it cannot.
      if (approved) return () => this.#goOn(file, "A person said that Belay goes on.");
      return open.awaits !== null && wasAnswered(file) ? () => this.#heedOff(file) : undefined;
    }
    if (verdict.kind !== "dead") return () => this.#tell(file, verdict);
    const weather = storm();
    return weather.kind === "wait" ? undefined : () => this.#dead(file, verdict, weather);
  }

  #storm(verdicts: ReadonlyMap<HostId, HostVerdict>): Storm {
    const { files, policy } = this.#cloud;
    let lost = this.#cloud.deaths();
    let suspects = 0;
    for (const file of files.values()) {
      const { standing } = file.host;
      if (standing === "maintenance" || standing === "fenced" || file.greenSinceMs !== undefined) continue;
      if (file.dying || file.incident?.cause === "host-dead") continue; // counted when it was found dead
      if (verdicts.get(file.host.id)?.kind === "dead") lost++;
      else if (!isReached(file, verdicts)) suspects++;
    }
    return stormOf({ lost, suspects, enrolled: files.size, policy });
  }

  #begin(file: HostFile, act: () => Promise<void>): void {
    const { clock, log } = this.#env;
    file.busy = true;
    const running = act()
      .then(() => this.#cloud.read())
      .catch((error: unknown) => {
        file.notBeforeMs = clock.monotonicMs() + troubleMs;
        log.warn(`the guard of ${file.host.name} could not go on, and tries again`, { error: String(error) });
      })
      .finally(() => {
        file.busy = false;
        file.dying = false;
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  #evidence(verdict: Trouble): Evidence[] {
    const { clock } = this.#env;
    const offsetMs = clock.now() - clock.monotonicMs(); // verdicts count on the clock that never jumps
    return verdict.evidence.map((fact) => ({ ...fact, at: Math.round(fact.at + offsetMs) }));
  }

  #news(file: HostFile, verdict: Trouble): Omit<NewHostIncident, "plan" | "lost"> {
    const { clock } = this.#env;
    const silentMs = silentForMs(file, clock.monotonicMs());
    const td = clock.now();
    return {
      ...{ hostId: file.host.id, cause: causeOf[verdict.kind], certainty: verdict.certainty, td },
      ...{ tp: Math.round(td - silentMs), tpSource: "scan" as const },
      ...{ evidence: this.#evidence(verdict), words: verdict.words },
    };
  }

  /** The host's incident where nothing is repaired, or only libvirtd. Its VMs are not known to be lost. */
  async #tell(file: HostFile, verdict: Trouble): Promise<void> {
    const { store, log } = this.#env;
    const plan =
      file.host.standing === "maintenance"
        ? { refusal: "The host is in maintenance: nothing is repaired against it." }
        : verdict.kind === "libvirtd-dead"
          ? { technique: "restart-libvirtd" as const, words: "Start libvirtd again over SSH. No guest is touched." }
          : { refusal: verdict.words };
    const opened = await store.openHostIncident({ ...this.#news(file, verdict), plan, lost: [] });
    if (opened === undefined) return;
    log.warn(verdict.words);
    await this.#tellBeside(file, verdict, opened.incidentId);
    if (opened.repairId !== undefined) this.#nudge();
  }

  async #dead(file: HostFile, verdict: Trouble, storm: Storm): Promise<void> {
    const { store, log } = this.#env;
    const id = file.host.id;
    await this.#cloud.read(); // a person may have taken it into maintenance a moment ago
    if (this.#cloud.files.get(id) !== file || file.incident !== undefined) return;
    if (file.host.standing !== "in-use" && file.host.standing !== "returning" && file.host.standing !== "fencing")
      return;
    if (!file.helperKnown) await this.#leases.forget(file); // a life after this one must not think that we saw it until now
    file.dying = true;
    this.#cloud.addDeath();
    const hold = storm.kind === "hold" ? storm.words : undefined;
    const next =
      hold === undefined
        ? "It is started elsewhere as soon as its host is proven off."
        : "A person is asked before it is started elsewhere.";
    const { needsConsent } = techniques.relocate;
    const nextOf = ({ consent }: Vm) => (consentRefusal(consent, needsConsent) === undefined ? next : atHomeOnly);
    const lost = (await this.#lostWith(id)).map((vm) => ({
      vmId: vm.id,
      words: `${vm.name}: its host failed. ${nextOf(vm)}`,
    }));
    if (hold === undefined) file.grantsStopped = true;
    const plan =
      hold === undefined
        ? { technique: "evacuate" as const, words: "Make sure that it is off, then start its VMs elsewhere." }
        : { ask: hold };
    const words = hold === undefined ? verdict.words : `${verdict.words} ${hold}`;
    const opened = await store.openHostIncident({ ...this.#news(file, verdict), words, plan, lost });
    if (opened === undefined) return;
    log.warn(words);
    this.#nudge();
    await this.#tellBeside(file, verdict, opened.incidentId);
  }

  /** What is wanted of it. A VM that is a person's already, because it may run twice, stays that person's. */
  async #lostWith(id: HostId): Promise<readonly Vm[]> {
    const { store } = this.#env;
    const states = await store.openIncidentsOf(id);
    const lost: Vm[] = [];
    for (const vm of await store.vmsOf(id)) {
      if (vm.wanted !== "running") continue;
      if (states.get(vm.id) === "handed-over" && isLeftToPeople(await store.openIncidentOf(vm.id))) continue;
      lost.push(vm);
    }
    return lost;
  }

  /** The provider's programs that are told of it. */
  async #tellBeside(file: HostFile, verdict: Trouble, incident: IncidentId): Promise<void> {
    const { name } = file.host;
    const hooks = await this.#env.store.hooks();
    tellBeside(this.#env, hooks, causeOf[verdict.kind], { incident, layer: "host", host: name, words: verdict.words });
  }

  async #goOn(file: HostFile, words: string): Promise<void> {
    if (file.incident === undefined) return;
    const { store, clock } = this.#env;
    file.grantsStopped = true;
    const plan = `${words} Make sure that it is off, then start its VMs elsewhere.`;
    await store.planHostRepair(file.incident.id, { technique: "evacuate", words: plan }, clock.now());
    this.#nudge();
  }

  /** For a held incident a person's word that the host is off is as good as the approval. */
  async #heedOff(file: HostFile): Promise<void> {
    file.notBeforeMs = this.#env.clock.monotonicMs() + troubleMs;
    if (file.incident === undefined) return;
    const said = await this.#env.store.personSaysOff(file.incident.id);
    if (said !== undefined) await this.#goOn(file, `${said.by} says that it is off and stays off.`);
  }

  /** A person says of a host that we cannot see that it is off: then it is taken for dead, with that word as the proof. */
  async #heedWord(file: HostFile, verdict: Trouble): Promise<void> {
    const { store, clock } = this.#env;
    file.notBeforeMs = clock.monotonicMs() + troubleMs;
    if (file.incident === undefined) return;
    const said = await store.personSaysOff(file.incident.id);
    if (said === undefined) return;
    file.saidOff = said;
    const words = `${said.by} says that it is off and stays off.`;
    await store.clearHostIncident(file.host.id, words, clock.now());
    await this.#cloud.read();
    const fact = { at: clock.monotonicMs(), source: "operator", words, audience: "provider" } as const;
    const dead = { ...verdict, kind: "dead", evidence: [...verdict.evidence, fact] } as const;
    await this.#dead(file, { ...dead, words: `${file.host.name} is dead: ${words}` }, { kind: "go" });
  }

  /** It turned out to be something else: the next look opens that. */
  async #replace(file: HostFile, words: string): Promise<void> {
    await this.#env.store.clearHostIncident(file.host.id, words, this.#env.clock.now());
  }

  /** A person took the host into maintenance before its repair began: that is told, of the host and of each of its VMs. */
  async #setAside(file: HostFile): Promise<void> {
    if (file.incident === undefined) return;
    const { store, clock } = this.#env;
    const refusal = "People work on its host: it comes back when they are done.";
    const parts = await store.partsOf(file.incident.id);
    await store.planRelocations(
      parts.map(({ incident }) => ({ incidentId: incident.id, plan: { refusal } })),
      clock.now(),
    );
    await this.#replace(file, "The host was taken into maintenance before anything was done.");
  }

  /** It was handed over because it could not be proven off, and its power switch may answer by now. */
  async #trySwitch(file: HostFile): Promise<void> {
    const pauseMs = Math.min(proofEveryMs.most, proofEveryMs.first * 2 ** file.vainTries++);
    file.switchNotBeforeMs = this.#env.clock.monotonicMs() + pauseMs;
    if (await this.#switchAnswers(file)) await this.#goOn(file, "Its power switch answers again.");
  }

  async #switchAnswers(file: HostFile): Promise<boolean> {
    const { fence, clock } = this.#env;
    const devices = (await this.#env.store.fenceDevices()).filter((it) => it.hostId === file.host.id);
    for (const device of devices) {
      const power = await within(clock, device.timeoutMs, fence.status(device), undefined).catch(() => undefined);
      if (power !== undefined) return true;
    }
    return false;
  }

  async #comeBack(file: HostFile): Promise<void> {
    const { store, clock } = this.#env;
    const words = "It is back, and is examined before it is used again.";
    await store.recordStanding(file.host.id, "returning", words, clock.now());
    file.saidOff = undefined;
  }

  async #takeBack(file: HostFile): Promise<void> {
    const { store, clock, log } = this.#env;
    const words = await examine(this.#env, file.host);
    log.info(`${file.host.name} is back. ${words}`);
    await store.recordStanding(file.host.id, "in-use", null, clock.now());
    await this.#cloud.read();
    if (file.incident !== undefined && openRepairOf(file.incident) === undefined) await this.#settle(file);
  }

  /** It is well again, and nobody works on its incident: its VMs are looked after at home, and the incident is over. */
  async #settle(file: HostFile): Promise<void> {
    const { store, clock } = this.#env;
    if (file.host.standing === "fencing")
      await store.recordStanding(
        file.host.id,
        "in-use",
        "It is heard of again, and was never proven off.",
        clock.now(),
      );
    if (file.incident === undefined) return;
    await homeAgain(this.#env, file.incident);
    await store.clearHostIncident(file.host.id, `${file.host.name} is heard of again.`, clock.now());
    this.#nudge();
  }
}

/** A person said something of it: what, the store tells. */
const wasAnswered = (file: HostFile): boolean =>
  file.incident?.evidence.some((it) => it.source === "operator") ?? false;

/** Somebody reaches it, or its SSH answers: whatever it is, it is not lost. */
function isReached(file: HostFile, verdicts: ReadonlyMap<HostId, HostVerdict>): boolean {
  const kind = verdicts.get(file.host.id)?.kind;
  if (kind === "isolated" || kind === "libvirtd-dead" || file.ssh?.answers === true) return true;
  return file.rounds.at(-1)?.answers.some((it) => it.reached === true) ?? false;
}
