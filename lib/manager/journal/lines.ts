import { z } from "zod";

/**
 * The journal's grammar: one JSON text per line, only ever added to.
 *   {"note": KEY, "value": …}   what is remembered under KEY; without "value" it is forgotten
 *   {"started": KEY, "at": MS}  a step began: it may have been done in part
 *   {"done": KEY, "value": …, "at": MS}
 *   {"undo": KEY}               the step, and those below it (KEY/…), count as never begun
 */
export const journalLine = z.union([
  z.strictObject({ note: z.string(), value: z.unknown().optional() }),
  z.strictObject({ started: z.string(), at: z.number() }),
  z.strictObject({ done: z.string(), value: z.unknown().optional(), at: z.number() }),
  z.strictObject({ undo: z.string() }),
]);
export type JournalLine = z.infer<typeof journalLine>;

export interface StepState {
  readonly startedAt: number;
  readonly done: { readonly at: number; readonly value: unknown } | null;
}

export interface JournalState {
  readonly notes: Map<string, unknown>;
  readonly steps: Map<string, StepState>;
}

export const emptyState = (): JournalState => ({ notes: new Map(), steps: new Map() });

export function applyLine({ notes, steps }: JournalState, line: JournalLine): void {
  if ("note" in line) {
    if (line.value === undefined) notes.delete(line.note);
    else notes.set(line.note, line.value);
  } else if ("started" in line) {
    if (!steps.get(line.started)?.done) steps.set(line.started, { startedAt: line.at, done: null });
  } else if ("done" in line) {
    const startedAt = steps.get(line.done)?.startedAt ?? line.at;
    steps.set(line.done, { startedAt, done: { at: line.at, value: line.value } });
  } else {
    for (const key of [...steps.keys()]) if (key === line.undo || key.startsWith(`${line.undo}/`)) steps.delete(key);
  }
}

/** The least lines that say the same. */
export function linesOf({ notes, steps }: JournalState): readonly JournalLine[] {
  return [
    ...[...notes].map(([note, value]) => ({ note, value })),
    ...[...steps].flatMap(([key, { startedAt, done }]): JournalLine[] => [
      { started: key, at: startedAt },
      ...(done ? [{ done: key, value: done.value, at: done.at }] : []),
    ]),
  ];
}

export interface JournalText {
  readonly state: JournalState;
  /** Of what is whole. What follows is a line that was being written when the process was killed. */
  readonly wholeBytes: number;
  /** A line that is no line of ours, before the last one: that is damage, and no torn write. */
  readonly damagedLine: number | null;
}

export function readJournal(bytes: Buffer): JournalText {
  const state = emptyState();
  let lines = 0;
  let wholeBytes = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, wholeBytes);
    if (end < 0) return { state, wholeBytes, damagedLine: null };
    const line = parsed(bytes.toString("utf8", wholeBytes, end));
    if (line === undefined) return { state, wholeBytes, damagedLine: end + 1 < bytes.length ? lines + 1 : null };
    applyLine(state, line);
    lines++;
    wholeBytes = end + 1;
  }
}

function parsed(text: string): JournalLine | undefined {
  try {
    return journalLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
