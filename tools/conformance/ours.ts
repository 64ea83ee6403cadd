import { inProject, nodeArguments } from "../kit/project.ts";
import type { Case } from "./kit.ts";
import { casesFor, runCases, type UnderTest, type Verdict } from "./run-cases.ts";

/** Belay's own manager, and four that are wrong on purpose: a kit that catches nothing proves nothing. */

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
const node = (...words: readonly string[]) => [process.execPath, ...nodeArguments, ...words].map(quoted).join(" ");
const described = inProject("tools/conformance/application.yaml");

const manager = (...words: readonly string[]) =>
  `${node(inProject("tools/manager.ts"), ...words, "--conformance")} --state {state}`;
const shipped: UnderTest = {
  command: manager("run", described),
  webhookCommand: `${manager("run", described)} --listen {port}`,
  takeCommand: `${manager("take", described)} {vm}`,
  goBackCommand: `${manager("go-back", described)} {vm} {saved} --yes`,
  running: null,
};

export interface WrongManager {
  readonly name: string;
  readonly file: string;
  /** It stays connected, or takes a state and ends. */
  readonly by: "socket" | "take";
  /** The cases that catch it. */
  readonly caught: readonly string[];
}

export const wrongManagers: readonly WrongManager[] = [
  {
    name: "answers a message that comes twice under two ids",
    file: "wrong/answers-twice.ts",
    by: "socket",
    caught: ["takes a message that comes twice for one"],
  },
  {
    name: "acts while it stands by",
    file: "wrong/acts-while-standby.ts",
    by: "socket",
    caught: ["says and takes nothing while it stands by", "stops its work when it no longer is the active one"],
  },
  {
    name: "says to have what it has not written down, and has no eye for deadlines",
    file: "wrong/acknowledges-early.ts",
    by: "socket",
    caught: [
      "has written down what it says to have, before it says so",
      "does not answer a proposal whose deadline has passed",
      "says nothing more once the time to finish has passed",
    ],
  },
  {
    name: "calls for a save under a new key each time, and takes 202 for its end",
    file: "wrong/calls-anew.ts",
    by: "take",
    caught: [
      "take: has a state saved under one key, and ends once it is",
      "take: calls again under the same key where the provider could not take it",
      "take: says that nothing was saved",
    ],
  },
];

export interface Judged {
  readonly ok: boolean;
  readonly shipped: { readonly passed: number; readonly failed: number; readonly verdicts: readonly Verdict[] };
  readonly wrong: readonly {
    readonly name: string;
    readonly caughtBy: readonly string[];
    /** Cases that should have caught it and did not. */
    readonly missed: readonly string[];
  }[];
}

export async function judgeOurs(
  cases: readonly Case[],
  told: (verdict: Verdict) => void,
  line: (words: string) => void,
): Promise<Judged> {
  line("Belay's manager:");
  const verdicts = await runCases(cases, shipped, told);
  const failed = verdicts.filter(({ wrong }) => wrong !== null).length;
  line(`${verdicts.length - failed} passed, ${failed} failed`);

  const wrong: Judged["wrong"][number][] = [];
  for (const { name, file, by, caught } of wrongManagers) {
    const command = node(inProject("tools/conformance", file));
    const under: UnderTest = {
      ...{ command: null, webhookCommand: null, takeCommand: null, goBackCommand: null, running: null },
      ...(by === "take" ? { takeCommand: `${command} {vm}` } : { command: `${command} {state}` }),
    };
    const mine = casesFor(cases, under);
    if (!mine.some((one) => caught.includes(one.name))) continue;
    const found = await runCases(mine, under, () => {});
    const caughtBy = found.filter((one) => one.wrong !== null).map((one) => one.name);
    const missed = caught.filter((one) => mine.some((it) => it.name === one) && !caughtBy.includes(one));
    wrong.push({ name, caughtBy, missed });
    line(
      missed.length === 0
        ? `ok    a manager that ${name} is caught: ${caughtBy.length} of ${mine.length} cases fail, as they should`
        : `WRONG a manager that ${name} passes: ${missed.join("; ")}`,
    );
  }
  return {
    ok: failed === 0 && wrong.every(({ missed }) => missed.length === 0),
    shipped: { passed: verdicts.length - failed, failed, verdicts },
    wrong,
  };
}
