/** Where a command speaks. */
export interface ManagerIo {
  /** What was asked for: standard output. */
  print(text: string): void;
  /** What is going on: standard error, where it does not disturb `--json`. */
  readonly board: {
    phase<T>(name: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
    line(text: string): void;
  };
  /** undefined: nobody is there who could be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** How people start this program, as `npm run manager --`. */
  readonly program: string;
}

/** Options of every command. */
export interface Common {
  readonly state?: string;
  readonly json?: boolean;
  /** Hidden: hands that touch nothing. */
  readonly conformance?: boolean;
}

export interface Result {
  /** For programs. */
  readonly data: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly lines: readonly string[];
  /** What to do now. */
  readonly next: string;
}

/** How a command ends, always: with what to do next, so that it can be copied. */
export function tell(io: ManagerIo, file: string, { json }: Common, result: Result): void {
  const { data, lines } = result;
  const next = result.next.replaceAll("belay-manager", io.program).replaceAll("FILE", file);
  if (json) io.print(JSON.stringify({ ...data, next }, null, 2));
  else for (const line of [...lines, `Next: ${next}`]) io.print(line);
}

/** Columns as wide as what is in them. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
