/**
 * Options of a fence agent as ClusterLabs' agents take them on standard input: one `key=value` per line, blank lines and
 * lines that begin with # left out, unknown names ignored with a word on standard error. Pure.
 */
export const actions = [
  "on",
  "off",
  "reboot",
  "status",
  "monitor",
  "list",
  "list-status",
  "metadata",
  "validate-all",
] as const;
export type FenceAction = (typeof actions)[number];

export interface FenceRequest {
  action: FenceAction;
  /** Name of the host to act on. */
  plug: string;
  lab: string;
  warnings: string[];
}

/** Names that mean the same: cluster managers and their versions differ in them. */
const plugNames = ["plug", "port", "nodename", "node"];
const actionNames = ["action", "option"];
/** Known to every agent of the family, without meaning here: no word about them. */
const silent = [
  "agent",
  "debug",
  "verbose",
  "quiet",
  "delay",
  "ip",
  "ipaddr",
  "login",
  "username",
  "password",
  "passwd",
];

/** Throws a RangeError for an action that does not exist. The default action is reboot, as everywhere in the family. */
export function parseOptions(text: string, defaultLab: string): FenceRequest {
  const found = new Map<string, string>();
  const warnings: string[] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const at = line.indexOf("=");
    const key = at < 0 ? line : line.slice(0, at).trim();
    if (at >= 0 && [...plugNames, ...actionNames, "lab"].includes(key)) found.set(key, line.slice(at + 1).trim());
    else if (!silent.includes(key)) warnings.push(`Parse error: Ignoring unknown option '${line}'`);
  }
  const first = (names: readonly string[]) =>
    names.map((name) => found.get(name)).find((value) => value !== undefined && value !== "");
  const wanted = (first(actionNames) ?? "reboot").toLowerCase();
  const action = actions.find((one) => one === wanted);
  if (!action) throw new RangeError(`Unrecognised action '${wanted}'`);
  return { action, plug: first(plugNames) ?? "", lab: first(["lab"]) ?? defaultLab, warnings };
}
