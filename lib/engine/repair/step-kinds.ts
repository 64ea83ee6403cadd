/**
 * What a step may do to its VM. `looks`: it switches nothing off, so a VM that is off after nothing but looks was switched off by somebody else.
 * `asks`: of a host that failed it only waits for a proof; one that lives is told to switch the VM off and to forget it.
 */
type StepKind = "looks" | "asks" | "touches";

/** Every step that a repair may have, by the beginning of its name: a try or a round is said behind it. */
const stepKinds = {
  look: "looks",
  "look again": "looks",
  check: "looks",
  choose: "looks",
  where: "looks",
  read: "looks",
  "own disk": "looks",
  place: "looks",
  places: "looks",
  wait: "looks",
  claim: "looks",
  gather: "looks",
  "last check": "looks",
  "the group's turn": "looks",
  "not with the group": "looks",
  "back with the group": "looks",
  "give the group up": "touches",
  "ask the customer": "looks",
  "tell the customer": "looks",
  answer: "looks",
  verify: "looks",
  "verify the restored": "looks",
  "verify the service": "looks",
  "VM answers": "looks",
  "old host": "asks",
  fence: "touches",
  "bring up": "touches",
  "bring up again": "touches",
  start: "touches",
  restore: "touches",
  restart: "touches",
  run: "touches",
  "switch off": "touches",
  "stop with the group": "touches",
  stop: "touches",
  prepare: "touches",
  hold: "touches",
  "let go together": "touches",
  free: "touches",
  "free after its end": "touches",
  "put back": "touches",
  "back to its own disk": "touches",
  "new disk": "touches",
  "leave it defined": "touches",
  "leave it off": "touches",
  "hand to the customer": "touches",
  "customer:": "touches",
} as const satisfies Record<string, StepKind>;

export type StepBase = keyof typeof stepKinds;
/** `look`, `look (round 2)`, `customer: deploying`. */
export type StepName = `${StepBase}${string}`;

const longestFirst = Object.entries<StepKind>(stepKinds).sort(([a], [b]) => b.length - a.length);

/** A step that is not known, of another version of Belay, may have done anything. */
export const kindOfStep = (name: string): StepKind =>
  longestFirst.find(([base]) => name === base || name.startsWith(`${base} `) || name.startsWith(`${base},`))?.[1] ??
  "touches";
