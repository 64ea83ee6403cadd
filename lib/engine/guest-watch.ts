import { type Counted, diagnoseGuest, type GuestVerdict } from "../decide/index.ts";
import type { Vm, VmId } from "../model/index.ts";
import type { EngineOptions, Env } from "./env.ts";
import { HostUnreachable, type Hypervisor, HypervisorRefused } from "./ports.ts";

/** Times are rounded up to at most this, so that guests share a timer. */
const mostGrainMs = 500;
/** A guest that has never answered is asked rarely: it may have nothing that answers. */
const fruitless = 6;
const rareFactor = 6;
/** One answer may come too late: that is no silence yet. */
const silentAfter = 2;
/** One that is overdue gets longer to answer: it may only be slow. */
const patientTimeoutMs = 2_000;

/** One for all: nearly every guest is well at nearly every look. */
const well: GuestVerdict = { kind: "well" };

interface Asked {
  vm: Vm;
  /** It has an incident: whether it is over, its answer tells, so it is asked often. */
  eager: boolean;
  tell: (uuid: string) => void;
  at: number;
  asking: boolean;
  /** Last answer of this run; undefined while it has not answered. */
  answeredAt: number | undefined;
  misses: number;
  agentAnswers: boolean;
  first: Counted | undefined;
  last: Counted | undefined;
}

/** Asks all running guests, those of all hosts in one round, whether they are there. Its times are of the clock that is never set. */
export interface GuestWatch {
  /** The VM runs here and is asked from now on. `tell` is called with its UUID when it answers for the first time, or its silence may mean something. */
  attend(vm: Vm, eager: boolean, tell: (uuid: string) => void): void;
  /** It does not run, or is not to be asked. What it answered is forgotten: its next run begins anew. */
  leave(vm: VmId): void;
  /** What its silence means now: well where it never answered in this run. */
  verdict(vm: VmId): GuestVerdict;
  /** When it last answered, while it does: undefined when it never did in this run, or is silent now. */
  answers(vm: VmId): number | undefined;
  /** The last answer of this run, whatever it does now. */
  lastAnswer(vm: VmId): number | undefined;
  /** The same of any run that this life of Belay saw. */
  lastEver(vm: VmId): number | undefined;
  /** It answered in this run, and did not when it was asked again and again. */
  isSilent(vm: VmId): boolean;
  /** Whether it answered in any run that this life of Belay saw: one that never does says nothing by its silence. */
  everAnswered(vm: VmId): boolean;
  start(): void;
  stop(): Promise<void>;
}

/** Spreads the guests over the period, always the same way. */
const spread = (id: string, overMs: number): number => {
  let hash = 7;
  for (const letter of id) hash = (hash * 31 + letter.charCodeAt(0)) % 1_000_003;
  return hash % overMs;
};

/** All that it touches. */
type Asks = Pick<Env, "clock" | "prober" | "log"> & {
  readonly hypervisor: Pick<Hypervisor, "vitals" | "agentAnswers">;
};

export function createGuestWatch(env: Asks, options: EngineOptions): GuestWatch {
  const { clock, hypervisor, prober, log } = env;
  const guests = new Map<VmId, Asked>();
  /** Who is due when, by grain. */
  const due = new Map<number, Set<VmId>>();
  const waiting: VmId[] = [];
  const answeredOnce = new Map<VmId, number>();
  const stopping = new AbortController();
  let running = 0;
  let wake: AbortController | undefined;
  let loop: Promise<void> = Promise.resolve();
  let idle = () => {};

  /** No more guests share a timer than may be asked at once: of 20,000 a thousand came due together, and an event waited for them all. */
  const grainMs = () =>
    Math.min(mostGrainMs, Math.max(1, Math.floor((options.guestEveryMs * options.guestsAtOnce) / guests.size)));

  function schedule(id: VmId, guest: Asked, at: number) {
    due.get(guest.at)?.delete(id);
    const everyMs = grainMs();
    const grain = Math.ceil(at / everyMs) * everyMs;
    guest.at = grain;
    const known = due.get(grain);
    if (known !== undefined) known.add(id);
    else {
      const earliest = Math.min(...due.keys());
      due.set(grain, new Set([id]));
      if (grain < earliest) wake?.abort("an earlier one came");
    }
  }

  function nextPause(guest: Asked): number {
    if (guest.eager) return options.silentGuestEveryMs;
    if (guest.answeredAt === undefined) return options.guestEveryMs * (guest.misses > fruitless ? rareFactor : 1);
    return guest.misses > 0 ? options.silentGuestEveryMs : options.guestEveryMs;
  }

  /** The counters of a guest that fell silent; a host that cannot be asked tells nothing. */
  async function count(guest: Asked): Promise<void> {
    try {
      const counted = { ...(await hypervisor.vitals(guest.vm.hostId, guest.vm.uuid)), at: clock.monotonicMs() };
      guest.first ??= counted;
      guest.last = counted;
    } catch (error) {
      if (!(error instanceof HostUnreachable || error instanceof HypervisorRefused)) throw error;
      guest.first = undefined; // a gap in the window: begin anew
      guest.last = undefined;
    }
  }

  async function ask(id: VmId, guest: Asked): Promise<void> {
    const { vm } = guest;
    const timeoutMs = guest.misses === 0 ? options.probeTimeoutMs : Math.max(patientTimeoutMs, options.probeTimeoutMs);
    const answered = await prober.answers(vm, vm.answerCheck, timeoutMs);
    if (guests.get(id) !== guest) return; // it stopped meanwhile
    if (answered) {
      answeredOnce.set(id, clock.monotonicMs());
      const news = guest.answeredAt === undefined || guest.misses > 0;
      Object.assign(guest, {
        answeredAt: clock.monotonicMs(),
        misses: 0,
        agentAnswers: false,
        first: undefined,
        last: undefined,
      });
      if (news && guest.eager) guest.tell(vm.uuid);
      return;
    }
    guest.misses++;
    if (guest.answeredAt === undefined) return;
    const agentAnswers =
      vm.answerCheck.kind !== "agent" &&
      (await hypervisor.agentAnswers(vm.hostId, vm.uuid, timeoutMs).catch((error: unknown) => {
        if (error instanceof HostUnreachable || error instanceof HypervisorRefused) return false;
        throw error;
      }));
    await count(guest);
    if (guests.get(id) !== guest) return;
    guest.agentAnswers = agentAnswers;
    if (verdictOf(guest).kind === "failed") guest.tell(vm.uuid);
  }

  const verdictOf = (guest: Asked): GuestVerdict =>
    guest.answeredAt === undefined || guest.misses === 0
      ? well
      : diagnoseGuest({ ...guest, answeredAt: guest.answeredAt }, clock.monotonicMs());

  /** Takes the next ones that wait, as many as may be asked at once. */
  function pump() {
    while (running < options.guestsAtOnce && !stopping.signal.aborted) {
      const id = waiting.shift();
      if (id === undefined) return;
      const guest = guests.get(id);
      if (guest === undefined || guest.asking) continue;
      guest.asking = true;
      running++;
      void ask(id, guest)
        .catch((error: unknown) => log.warn(`asking ${guest.vm.name} failed`, { error: String(error) }))
        .finally(() => {
          running--;
          guest.asking = false;
          if (guests.get(id) === guest) schedule(id, guest, clock.monotonicMs() + nextPause(guest));
          pump();
          if (running === 0) idle();
        });
    }
  }

  async function run() {
    while (!stopping.signal.aborted) {
      const now = clock.monotonicMs();
      for (const [at, ids] of due) {
        if (at > now) continue;
        due.delete(at);
        waiting.push(...ids);
      }
      pump();
      wake = new AbortController();
      const stop = () => wake?.abort("stopping");
      stopping.signal.addEventListener("abort", stop, { once: true });
      const next = Math.min(...due.keys(), now + options.guestEveryMs);
      await clock.sleep(Math.max(1, next - clock.monotonicMs()), wake.signal).catch(() => undefined);
      stopping.signal.removeEventListener("abort", stop);
      wake = undefined;
    }
  }

  return {
    attend(vm, eager, tell) {
      const known = guests.get(vm.id);
      if (known !== undefined && known.vm.runId === vm.runId && known.vm.hostId === vm.hostId) {
        const sooner = eager && !known.eager && !known.asking;
        known.vm = vm;
        known.eager = eager;
        known.tell = tell;
        if (sooner) schedule(vm.id, known, clock.monotonicMs());
        return;
      }
      if (known !== undefined) due.get(known.at)?.delete(vm.id);
      const guest: Asked = {
        ...{ vm, eager, tell, at: 0, asking: false, answeredAt: undefined, misses: 0, agentAnswers: false },
        ...{ first: undefined, last: undefined },
      };
      guests.set(vm.id, guest);
      schedule(vm.id, guest, clock.monotonicMs() + (eager ? 0 : spread(vm.uuid, options.guestEveryMs)));
    },
    leave(id) {
      const known = guests.get(id);
      if (known === undefined) return;
      due.get(known.at)?.delete(id);
      guests.delete(id);
    },
    verdict(id) {
      const guest = guests.get(id);
      return guest === undefined ? well : verdictOf(guest);
    },
    answers(id) {
      const guest = guests.get(id);
      return guest?.misses === 0 ? guest.answeredAt : undefined;
    },
    lastAnswer: (id) => guests.get(id)?.answeredAt,
    lastEver: (id) => answeredOnce.get(id),
    isSilent(id) {
      const guest = guests.get(id);
      return guest?.answeredAt !== undefined && guest.misses >= silentAfter;
    },
    everAnswered: (id) => answeredOnce.has(id),
    start() {
      loop = run();
    },
    async stop() {
      stopping.abort("stopping");
      await loop;
      if (running > 0)
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
    },
  };
}
