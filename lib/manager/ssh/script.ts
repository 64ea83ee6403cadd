/**
 * Shell scripts for VMs. The only way to make one is the tag `sh`, which quotes every value that is put into it: data never becomes
 * shell. A `Script` inside another one is taken as it is.
 */
export class Script {
  readonly text: string;
  private constructor(text: string) {
    this.text = text;
  }
  static readonly empty = new Script("");
  /** Only for text that is written in a source file of ours, through the tag. */
  static of(strings: readonly string[], values: readonly ScriptValue[]): Script {
    let text = strings[0] ?? "";
    for (const [at, value] of values.entries()) text += `${written(value)}${strings[at + 1] ?? ""}`;
    return new Script(text);
  }
}

export type ScriptValue = string | number | Script | readonly (string | number | Script)[];

/** Lists become words, or, for scripts, lines. */
function written(value: ScriptValue): string {
  if (value instanceof Script) return value.text;
  if (typeof value === "string") return shellQuote(value);
  if (typeof value === "number") return shellNumber(value);
  return value.map((one) => written(one)).join(value.some((one) => one instanceof Script) ? "\n" : " ");
}

export const sh = (strings: TemplateStringsArray, ...values: ScriptValue[]): Script => Script.of(strings.raw, values);

/** One word for a POSIX shell, whatever it holds: single quotes, with each single quote of its own taken outside. */
export function shellQuote(word: string): string {
  if (word.includes("\0")) throw new RangeError("a word for a shell cannot hold a NUL character");
  return /^[A-Za-z0-9_\-./:=@%+,]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function shellNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}
