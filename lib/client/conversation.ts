import type { ConversationMessageView } from "../contract/index.ts";
import { fallbacks, intervalWords, type TechniqueName, techniques } from "../model/index.ts";
import { clockWords } from "./durations.ts";
import { uncapital } from "./uncapital.ts";

/** One line of a conversation as a person reads it. */
export interface Said {
  readonly title: string;
  /** Whole sentences, one per entry. */
  readonly words: readonly string[];
}

const phaseTitles = { deploying: "Deploying", starting: "Starting", synchronising: "Synchronising" } as const;
const answerTitles = {
  agreed: "Agreed",
  waiting: "Waiting",
  fallback: "Falling back",
  repaired: "Repaired",
  "handed-over": "Handed over",
  cleared: "Over without a repair",
} as const;
const namesOf: Partial<Record<TechniqueName, string>> = {
  "assisted-rebuild": "make it anew from its image",
  "revive-vm": "start it again from its own disk",
  relocate: "start it on another host, from its own disk",
  "restore-checkpoint": "go back to its newest checkpoint",
};
/** Who speaks for a customer: the manager, and its key where that is not called the same. */
export const speakerWords = (by: string): string => by.replace(/^(.+) \(key \1\)$/, "$1");

/** A technique as something that is done, for the middle of a sentence. */
export const techniqueInWords = (name: TechniqueName): string => namesOf[name] ?? techniques[name].words;

const fromWords = {
  image: "made anew from its image",
  "own-disk": "started from its own disk",
  checkpoint: "taken back to a checkpoint",
} as const;
const apartWords = {
  kept: "The VMs of its group are on different hosts.",
  "not-kept": "Not all VMs of its group are on different hosts: there was no room.",
  "not-asked": undefined,
} as const;

const lines = (...words: readonly (string | undefined)[]) =>
  words.filter((it) => it !== undefined && it !== "") as string[];

/** What a message says, for people of both parties. */
export function tell(it: ConversationMessageView): Said {
  return it.from === "provider" ? tellProvider(it.message) : tellCustomer(it.message);
}

type Provider = Extract<ConversationMessageView, { from: "provider" }>["message"];
type Customer = Extract<ConversationMessageView, { from: "customer" }>["message"];

function tellProvider(message: Provider): Said {
  switch (message.kind) {
    case "vm.failed":
      return {
        title: `${message.vm.name} failed`,
        words: lines(message.words, `Since ${clockWords(message.since)}.`),
      };
    case "repair.proposed":
      return {
        title: "A repair is proposed",
        words: [
          ...message.techniques.map(
            ({ technique, expectedMs, loses }, index) =>
              `${index === 0 ? "First choice" : "Or"}: ${techniqueInWords(technique)}${expectedMs === null ? "" : `, about ${intervalWords(expectedMs)}`}. It loses: ${uncapital(loses)}`,
          ),
          `An answer is awaited until ${clockWords(message.answerBy)}; after that: ${uncapital(fallbacks[message.fallback])}`,
        ],
      };
    case "vm.restarted":
      return {
        title: `${message.vm.name} is back`,
        words: lines(
          `It was ${fromWords[message.from]}${message.image === null ? "" : ` ${message.image}`}${message.address === null ? "" : `, and has the address ${message.address}`}.`,
          apartWords[message.apart],
          `The customer's manager finishes until ${clockWords(message.finishBy)}.`,
        ),
      };
    case "repair.changed":
      return { title: answerTitles[message.state], words: lines(message.words) };
    case "diagnosis.asked":
      return {
        title: `What do your sensors say of ${message.vm.name}?`,
        words: [`An answer is awaited until ${clockWords(message.answerBy)}.`],
      };
    case "diagnosis.answered":
      return { title: `What both see of ${message.vm.name}`, words: lines(message.conclusion.words) };
    case "maintenance.announced":
      return {
        title: `Work is announced for ${message.vm.name}`,
        words: lines(message.words, `It begins at ${clockWords(message.startsAt)}.`),
      };
    case "maintenance.ended":
      return { title: `The work on ${message.vm.name} is over`, words: lines(message.words) };
  }
}

function tellCustomer(message: Customer): Said {
  switch (message.kind) {
    case "repair.accepted":
      return { title: "Accepted", words: ["The provider's first choice is right."] };
    case "repair.chosen":
      return { title: "Another repair was chosen", words: [`Please ${techniqueInWords(message.technique)}.`] };
    case "repair.postponed":
      return { title: `Wait until ${clockWords(message.until)}`, words: lines(message.words) };
    case "repair.declined":
      return { title: "Declined", words: lines("The customer repairs it alone.", message.words) };
    case "repair.phase":
      return {
        title: `${phaseTitles[message.phase]}${message.percent === null ? "" : ` ${Math.round(message.percent)}\u00a0%`}`,
        words: lines(message.words),
      };
    case "repair.completed":
      return { title: "Completed", words: lines(message.words) };
    case "repair.failed":
      return { title: "The customer's part failed", words: lines(message.words) };
    case "diagnosis.asked":
      return { title: "The application does not work: what do you see?", words: lines(message.words) };
    case "diagnosis.answered":
      return { title: "What the customer's sensors say", words: [viewWords(message.customer)] };
    case "maintenance.answered":
      return { title: message.action === "begin" ? "Begin now" : "Stop it instead of moving it", words: [] };
  }
}

const reachedWords = {
  "by-all": "reached by all others",
  "by-some": "reached by some of the others only",
  "by-none": "reached by none of the others",
  unknown: "reached by others or not, nobody knows",
} as const;
const processWords = {
  running: "its servers' processes run",
  "some-dead": "a process of its servers is dead",
  unknown: "its processes cannot be seen",
} as const;
const serviceWords = {
  answers: "its service answers",
  fails: "its service fails",
  unknown: "its service was not asked",
} as const;

const viewWords = (view: Extract<Customer, { kind: "diagnosis.answered" }>["customer"]): string =>
  `The VM is ${reachedWords[view.reached]}, ${processWords[view.processes]}, ${serviceWords[view.service]}.`;

/** Progress reports of one phase that follow each other are one line: the newest. */
export function withoutOldProgress(messages: readonly ConversationMessageView[]): readonly ConversationMessageView[] {
  return messages.filter((it, index) => {
    const next = messages[index + 1];
    return !(
      it.from === "customer" &&
      next?.from === "customer" &&
      it.message.kind === "repair.phase" &&
      next.message.kind === "repair.phase" &&
      it.message.phase === next.message.phase
    );
  });
}

/** The conversation with a message that came, or came again: the same one twice is once. */
export const withMessage = (
  messages: readonly ConversationMessageView[],
  message: ConversationMessageView,
): readonly ConversationMessageView[] =>
  [...messages.filter((it) => it.id !== message.id), message].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
