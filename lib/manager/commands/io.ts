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
  /** What was asked for is not so: the program ends with 1, once it ends. */
  failed(): void;
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
  /** False: what was asked for is not so. By default it is. */
  readonly ok?: boolean;
}

const commands = "init|validate|plan|up|run|status|repair|down|saves|take|go-back";
const commandLine = new RegExp(`belay-manager (${commands})(?![\\w-])( FILE)?`, "g");

/** `belay-manager up FILE`, as our texts have it, becomes what can be typed here. */
export const asTyped = (text: string, program: string, file: string): string =>
  text.replace(commandLine, (_, command, named) => `${program} ${command}${named === undefined ? "" : ` ${file}`}`);

/** How a command ends, always: with what to do next, so that it can be copied. */
export function tell(io: ManagerIo, file: string, { json }: Common, result: Result): void {
  const { data, lines, next, ok = true } = result;
  const typed = (text: string) => asTyped(text, io.program, file);
  const typedValue = (_: string, value: unknown) => (typeof value === "string" ? typed(value) : value);
  if (json) io.print(JSON.stringify({ ...data, ok, next }, typedValue, 2));
  else for (const line of [...lines, `Next: ${next}`]) io.print(typed(line));
  if (!ok) io.failed();
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
