import type { Ids } from "../../engine/ports.ts";
import {
  BelayError,
  type ConversationMessage,
  type CustomerMessage,
  type CustomerView,
  customerPhases,
  type MessageId,
  type OrganizationId,
  type RepairId,
  type Sensor,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import type { World } from "../world/world.ts";
import type { ManagerPlan } from "./actions.ts";

const leaseMs = 6000;
const renewEveryMs = 2000;
const wireMs = 5;
const reportEveryMs = 5000;

/** What a manager keeps on its disk of one repair. */
interface Kept {
  answered: boolean;
  /** The VM was handed to it; how many of its phases are over. */
  restarted: boolean;
  phase: number;
  ended: boolean;
}

const views: Record<Exclude<ManagerPlan["sees"], "nothing">, CustomerView> = {
  "dead-vm": { reached: "by-none", processes: "unknown", service: "fails" },
  "dead-server": { reached: "by-all", processes: "some-dead", service: "fails" },
  well: { reached: "by-all", processes: "running", service: "answers" },
  unsure: { reached: "unknown", processes: "unknown", service: "unknown" },
};

export interface ManagerWorld {
  readonly store: MemoryStore;
  readonly world: World;
  readonly ids: Ids;
  now(): number;
}

/** A customer's manager: it follows a plan, keeps a journal that outlives it, and says nothing while another one is heard. */
export class SimManager {
  readonly #at: ManagerWorld;
  readonly #organization: OrganizationId;
  readonly name: string;
  plan: ManagerPlan;
  readonly #journal = new Map<RepairId, Kept>();
  readonly #failing = new Set<VmId>();
  readonly #handled = new Set<MessageId>();
  /** Grows with each run and death. */
  #life = 0;
  #runs = 0;
  #epoch: number | undefined;
  #stop: () => void = () => undefined;

  constructor(at: ManagerWorld, organization: OrganizationId, name: string, plan: ManagerPlan) {
    this.#at = at;
    this.#organization = organization;
    this.name = name;
    this.plan = plan;
  }

  get alive(): boolean {
    return this.#life % 2 === 1;
  }

  start(): void {
    this.#life++;
    this.#runs++;
    this.#epoch = undefined;
    this.#handled.clear();
    this.#stop = this.#at.store.service.onSayings(() => void this.#take());
    void this.#renew();
    void this.#report();
  }

  die(): void {
    this.#life++;
    this.#stop();
  }

  /** What its sensors see of a server in this VM; a failure is told, and asked about. */
  async sees(vm: Vm, well: boolean): Promise<void> {
    if (well) this.#failing.delete(vm.id);
    else this.#failing.add(vm.id);
    if (!this.alive || this.#epoch === undefined) return;
    await this.#sendReport();
    const customer = views["dead-server"];
    if (!well) await this.#say({ kind: "diagnosis.asked", vmId: vm.id, customer, words: "Its server is dead." });
  }

  /** In this run of it. */
  #later(ms: number, then: () => void): void {
    const life = this.#life;
    this.#at.world.later(ms, () => {
      if (this.#life === life) then();
    });
  }

  async #renew(): Promise<void> {
    const { store, now } = this.#at;
    const manager = {
      ...{ organizationId: this.#organization, instance: `${this.name}-${this.#runs}`, name: this.name, version: "1" },
    };
    const { active, epoch } = await store.service.claimManager(manager, leaseMs, now());
    const isNew = active && this.#epoch !== epoch;
    this.#epoch = active ? epoch : undefined;
    this.#later(renewEveryMs, () => void this.#renew());
    if (!isNew) return;
    void this.#take();
    for (const [repair, kept] of this.#journal) {
      if (kept.ended) continue;
      if (kept.restarted) this.#work(repair, kept);
      else if (!kept.answered) this.#answer(repair, kept);
    }
  }

  async #report(): Promise<void> {
    if (this.#epoch !== undefined) await this.#sendReport();
    this.#later(reportEveryMs, () => void this.#report());
  }

  async #sendReport(): Promise<void> {
    const { store, now } = this.#at;
    for (const application of store.tables.applications.values()) {
      if (application.organizationId !== this.#organization) continue;
      const vms = [...store.tables.vms.values()].filter((it) => !it.removed && it.vm.applicationId === application.id);
      const sensors = vms.map(
        ({ vm: { id, name } }): Sensor => ({
          ...{ name: `serves ${name}`, kind: "http", server: name, vmId: id, fromVmId: null, since: now(), words: "" },
          state: this.#failing.has(id) ? "failing" : "ok",
        }),
      );
      const report = { organizationId: this.#organization, applicationId: application.id, reportedAt: now(), sensors };
      await store.service.recordSensors(report, now());
    }
  }

  async #take(): Promise<void> {
    if (!this.alive || this.#epoch === undefined) return;
    for (const message of await this.#at.store.service.undelivered(this.#organization, 100)) {
      if (message.from !== "provider" || this.#handled.has(message.id)) continue;
      this.#handled.add(message.id);
      this.#later(wireMs, () => void this.#hear(message));
    }
  }

  async #hear({ id, message }: Extract<ConversationMessage, { from: "provider" }>): Promise<void> {
    const { store, now } = this.#at;
    switch (message.kind) {
      case "repair.proposed":
        this.#answer(message.repair, this.#kept(message.repair));
        break;
      case "vm.restarted": {
        const kept = this.#kept(message.repair);
        kept.restarted = true;
        this.#work(message.repair, kept);
        break;
      }
      case "repair.changed":
        if (message.state !== "agreed" && message.state !== "waiting") this.#kept(message.repair).ended = true;
        break;
      case "diagnosis.asked": {
        const { sees } = this.plan;
        if (sees === "nothing") break;
        const customer = views[sees];
        this.#later(this.plan.answerMs, () => void this.#say({ kind: "diagnosis.answered", question: id, customer }));
        break;
      }
      case "maintenance.announced": {
        const { maintenance: action, answerMs } = this.plan;
        const { work, vm } = message;
        if (action !== "silent")
          this.#later(answerMs, () => void this.#say({ kind: "maintenance.answered", work, vmId: vm.id, action }));
        break;
      }
      default:
        break;
    }
    await store.service.recordReceived(this.#organization, id, now());
  }

  #kept(repair: RepairId): Kept {
    const known = this.#journal.get(repair) ?? { answered: false, restarted: false, phase: 0, ended: false };
    this.#journal.set(repair, known);
    return known;
  }

  #answer(repair: RepairId, kept: Kept): void {
    const { answer, technique, answerMs, postponeMs, agreesAfterMs } = this.plan;
    const { now } = this.#at;
    if (answer === "silent" || kept.answered) return;
    this.#later(answerMs, () => {
      if (kept.answered || kept.ended) return;
      kept.answered = true;
      if (answer === "accept") void this.#say({ kind: "repair.accepted", repair });
      if (answer === "choose") void this.#say({ kind: "repair.chosen", repair, technique });
      if (answer === "decline") void this.#say({ kind: "repair.declined", repair, words: "We do it ourselves." });
      if (answer !== "postpone") return;
      const until = now() + postponeMs;
      void this.#say({ kind: "repair.postponed", repair, until, words: "A backup is under way." });
      if (agreesAfterMs !== null) this.#later(agreesAfterMs, () => void this.#say({ kind: "repair.accepted", repair }));
    });
  }

  /** The phases that are left; the one in which it died is done again. */
  #work(repair: RepairId, kept: Kept): void {
    if (kept.ended) return;
    const phase = customerPhases[kept.phase];
    if (phase === undefined) {
      kept.ended = true;
      void this.#say({ kind: "repair.completed", repair, words: "All servers are in rotation again." });
      return;
    }
    void this.#say({ kind: "repair.phase", repair, phase, percent: null, words: `It is ${phase}.` });
    const { end, phaseMs } = this.plan;
    if (end === "stalls") return;
    this.#later(phaseMs, () => {
      if (end === "fails") {
        kept.ended = true;
        void this.#say({ kind: "repair.failed", repair, words: "A server did not start." });
        return;
      }
      kept.phase++;
      this.#work(repair, kept);
    });
  }

  async #say(message: CustomerMessage): Promise<void> {
    const { ids } = this.#at;
    const id = ids.next("msg");
    await this.#send(id, message);
    if (!this.plan.doubles) return;
    await this.#send(id, message);
    await this.#send(ids.next("msg"), message);
  }

  async #send(id: MessageId, message: CustomerMessage): Promise<void> {
    const { store, world, now } = this.#at;
    if (this.#epoch === undefined) return;
    const heard = { id, organizationId: this.#organization, epoch: this.#epoch, message, by: this.name };
    try {
      await store.service.hear(heard, now());
    } catch (error) {
      if (!(error instanceof BelayError)) throw error;
      world.tell(`${message.kind} of ${this.name} is refused: ${error.message}`);
    }
  }
}
