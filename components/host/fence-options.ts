/** A power switch's options as lines of text, and back. */

export const linesOf = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");

/** Spaces around names and lines without anything do not count; spaces in values do. `wrong` is what a person has to mend first. */
export function optionsOf(text: string): {
  readonly options: Record<string, string>;
  readonly wrong: string | undefined;
} {
  const options: Record<string, string> = {};
  let wrong: string | undefined;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const at = line.indexOf("=");
    const key = line.slice(0, Math.max(0, at)).trim();
    if (key === "") wrong ??= `"${line.trim()}" is not of the form name=value.`;
    else if (options[key] !== undefined) wrong ??= `${key} is named twice.`;
    else options[key] = line.slice(at + 1);
  }
  return { options, wrong };
}
