import type { Change, CloudEvent, CloudView } from "../contract/index.ts";
import { subjectOf } from "./apply.ts";
import { changeWords, shortAgents } from "./words.ts";

export interface LogLine {
  readonly seq: number;
  readonly at: number;
  readonly words: string;
}

/** Lines that are kept; at the first connection the server is asked for so many numbers back. */
export const logLines = 200;

/**
 * Turns events into lines. Providers get the server's sentence; for customers, to whom the server sends none, it is made from
 * the change and the one before it of the same thing.
 */
export function lineMaker(): (events: readonly CloudEvent[], vms: CloudView["vms"]) => LogLine[] {
  const last = new Map<string, Change>();
  return (events, vms) =>
    events.flatMap((event) => {
      const subject = subjectOf(event.change);
      const before = last.get(subject);
      last.set(subject, event.change);
      // Of saved states the server tells every newer one, and of messages their kinds, as the page must know them; a person reads what is
      // new about them, and what they say.
      const { kind } = event.change;
      const ours = event.words === "" || kind === "checkpoint-status.changed" || kind === "conversation.changed";
      const words = ours ? changeWords(event.change, before, vms) : shortAgents(event.words);
      return words === undefined ? [] : [{ seq: event.seq, at: event.at, words }];
    });
}

/** Newest first, each number once, at most `logLines`. */
export function addLines(known: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] {
  const have = new Set(known.map((it) => it.seq));
  const fresh = more.filter((it) => !have.has(it.seq));
  if (fresh.length === 0) return known;
  return [...known, ...fresh].sort((a, b) => b.seq - a.seq).slice(0, logLines);
}
