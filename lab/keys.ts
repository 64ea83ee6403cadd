import { labPaths } from "./paths.ts";
import { LabError } from "./system/error.ts";
import { readText, writeAtomic } from "./system/files.ts";

/** One line of a public key file, checked: kind and base64, nothing that could end the line early. */
export function publicKeyLine(text: string): string {
  const line = text.trim();
  const blob = /^(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ ([A-Za-z0-9+/]+={0,2})(?: [^\n\r]*)?$/.exec(line)?.[1];
  const first = line.split("\n")[0] ?? "";
  if (!blob)
    throw new LabError(
      `not a public key: "${first.slice(0, 40)}"`,
      "give the .pub file of an SSH key pair, with one line",
    );
  return line;
}

/** The lab's list of keys with these added, each once, in the order they came. Answers the list as one text. */
export async function authorizeKeys(lab: string, lines: readonly string[]): Promise<string> {
  const file = labPaths(lab).authorizedKeys;
  const known = ((await readText(file)) ?? "").split("\n").filter((line) => line !== "");
  const all = [...new Set([...known, ...lines.map(publicKeyLine)])];
  const text = `${all.join("\n")}\n`;
  if (all.length !== known.length) await writeAtomic(file, text, 0o600);
  return text;
}
