import type { VmId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { GuestWatch } from "../guest-watch.ts";
import type { Heard } from "../ports.ts";
import { createAnswering } from "./answering.ts";
import { answerQuestions, endApplicationIncidents, type Question } from "./questions.ts";

/** A wake may be lost: a customer is answered within a second all the same. */
const lookEveryMs = 800;
/** An answer that no repair and no drain has taken by then is nobody's any more. */
const nobodysAfterMs = 15 * 60_000;

const vmFailedWords = "The VM itself failed: that is told and repaired as an incident of its own.";

/** What customers' managers ask of the provider outside of repairs, and the incidents of their applications. */
export interface Conversation {
  /** A message, or a report of sensors, came. */
  readonly wake: () => void;
  /** Its open incident is of its owner's servers: the VM itself is well, and that does not end it. */
  readonly ofApplication: (vm: VmId) => boolean;
  /** The VM itself failed: what was told of its servers is over. */
  readonly vmFailed: (vm: VmId) => Promise<void>;
  /** Reads what is open. Before anything is looked at. */
  read(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** VMs that are looked at for customers' questions at once: all customers', and one's. */
const answeredAtOnce = 32;
const ofOneAtOnce = 8;

const isQuestion = (heard: Heard): heard is Question => heard.message.kind === "diagnosis.asked";

export function createConversation(env: Env, options: EngineOptions, guests: GuestWatch): Conversation {
  const { store, clock, log } = env;
  const applicationDown = new Set<VmId>();
  const stopping = new AbortController();
  let wake: AbortController | undefined;
  let woken = false;
  let loop: Promise<void> = Promise.resolve();

  const unanswered = (error: unknown) => {
    if (!stopping.signal.aborted) log.error("customers' messages could not be answered", { error: String(error) });
  };
  const answering = createAnswering<Question>({
    ...{ width: answeredAtOnce, ofOne: ofOneAtOnce, monotonicMs: () => clock.monotonicMs(), failed: unanswered },
    answer: (questions, waitedMs) => answerQuestions(env, options, guests, applicationDown, questions, waitedMs),
  });

  async function endWhatIsWell() {
    // Of one whose question is being answered an incident may just be opened: it is not known to the read below.
    const asked = answering.inHand();
    const before = [...applicationDown].filter((vm) => !asked.has(vm));
    const left = new Set(await endApplicationIncidents(env));
    for (const vm of before) if (!left.has(vm)) applicationDown.delete(vm);
    for (const vm of left) applicationDown.add(vm);
  }

  async function look() {
    const unsettled = await store.unsettled();
    answering.offer(unsettled.filter(isQuestion));
    for (const heard of unsettled)
      if (!isQuestion(heard) && clock.now() > heard.at + nobodysAfterMs) await store.settle(heard.id, clock.now());
    await endWhatIsWell();
  }

  async function run() {
    while (!stopping.signal.aborted) {
      woken = false;
      try {
        await look();
      } catch (error) {
        unanswered(error);
      }
      if (woken || stopping.signal.aborted) continue;
      wake = new AbortController();
      await clock.sleep(lookEveryMs, wake.signal).catch(() => undefined);
      wake = undefined;
    }
  }

  return {
    wake() {
      woken = true;
      wake?.abort("a message came");
    },
    ofApplication: (vm) => applicationDown.has(vm),
    async vmFailed(vm) {
      // What is remembered here may be a moment old: an incident of the VM itself is not ended by it.
      if ((await store.openIncidentOf(vm))?.layer === "application")
        await store.clearIncident(vm, vmFailedWords, clock.now());
      applicationDown.delete(vm);
    },
    async read() {
      for (const { vmId } of await store.applicationIncidents()) if (vmId !== null) applicationDown.add(vmId);
    },
    start() {
      loop = run();
    },
    async stop() {
      stopping.abort("stopping");
      wake?.abort("stopping");
      await loop;
      await answering.stop();
    },
  };
}
