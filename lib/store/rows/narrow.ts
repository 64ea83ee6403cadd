import { type EpochMs, type Id, type IdKind, parseId } from "../../model/index.ts";

/** From a row's plain text to the model's types. A row that holds something else is a bug or a newer Belay's: say which, never guess. */

export function oneOf<T extends string>(allowed: readonly T[], text: string, column: string): T {
  const found = allowed.find((name) => name === text);
  if (found === undefined)
    throw new Error(`${column} is "${text}" in the database, which is none of ${allowed.join(", ")}`);
  return found;
}

export function keyOf<K extends string>(table: Record<K, unknown>, text: string, column: string): K {
  const isKey = (name: string): name is K => Object.hasOwn(table, name);
  if (isKey(text)) return text;
  throw new Error(`${column} is "${text}" in the database, which is none of ${Object.keys(table).join(", ")}`);
}

/** A column that is null only in rows of another kind. */
export function numberOf(value: number | null, column: string): number {
  if (value === null) throw new Error(`${column} is missing in the database`);
  return value;
}

export function idOf<K extends IdKind>(kind: K, text: string): Id<K> {
  const id = parseId(kind, text);
  if (id === undefined) throw new Error(`"${text}" in the database is not an id that begins with ${kind}_`);
  return id;
}

export const idOrNull = <K extends IdKind>(kind: K, text: string | null): Id<K> | null =>
  text === null ? null : idOf(kind, text);

export const epochMs = (instant: Date): EpochMs => instant.getTime();
export const epochMsOrNull = (instant: Date | null): EpochMs | null => instant?.getTime() ?? null;
export const instant = (ms: EpochMs): Date => new Date(ms);
export const instantOrNull = (ms: EpochMs | null): Date | null => (ms === null ? null : new Date(ms));
