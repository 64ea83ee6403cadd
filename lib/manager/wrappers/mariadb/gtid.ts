/** Positions in MariaDB's streams of transactions: "1-1-55,2-2-7" is number 55 of domain 1 and number 7 of domain 2 (server between). Pure. */
export type Position = ReadonlyMap<number, number>;

export function parsePosition(text: string): Position {
  const position = new Map<number, number>();
  for (const part of text.split(",")) {
    const found = /^\s*(\d+)-\d+-(\d+)\s*$/.exec(part);
    if (found) position.set(Number(found[1]), Math.max(Number(found[2]), position.get(Number(found[1])) ?? 0));
  }
  return position;
}

/** Whether everything of `other` is in `position`. */
export const covers = (position: Position, other: Position): boolean =>
  [...other].every(([domain, number]) => (position.get(domain) ?? 0) >= number);

/** A position as text, without one domain: a server never gets its own transactions from others. */
export const withoutDomain = (text: string, domain: number): string =>
  text
    .split(",")
    .filter((part) => /^\s*\d+-\d+-\d+\s*$/.test(part) && !part.trim().startsWith(`${domain}-`))
    .map((part) => part.trim())
    .join(",");
