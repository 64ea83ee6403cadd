import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type CommandOptions, type CommandResult, runCommand } from "../kit/command.ts";
import { inProject, nodeArguments } from "../kit/project.ts";
import { tallyPlaywright } from "./playwright-report.ts";
import type { Tally } from "./tally.ts";
import { tallyVitest } from "./vitest-report.ts";

export interface SuiteOptions {
  readonly signal: AbortSignal;
  readonly say: (detail: string) => void;
  readonly deadlineMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Words after the command: file filters, for a person who runs a part. */
  readonly filters?: readonly string[];
}

const keepLines = 400;
const reportFile = (part: string): string => inProject(".cache", "reports", `${part}.json`);

/** Runs our Node with a program of node_modules, and reads the report that it leaves. */
async function runReporting(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<{ json: string | undefined; ended: CommandResult }> {
  await mkdir(path.dirname(file), { recursive: true });
  await rm(file, { force: true }); // an old report must not speak for a run that wrote none
  const ended = await runCommand(process.execPath, [...nodeArguments, ...args], { keepLines, ...options });
  return { json: await readFile(file, "utf8").catch(() => undefined), ended };
}

/** One of vitest.config.ts's projects: unit, db or lab. */
export async function runVitest(project: "unit" | "db" | "lab", options: SuiteOptions): Promise<Tally> {
  const { signal, say, deadlineMs, env = {}, filters = [] } = options;
  const file = reportFile(project);
  let files = 0;
  const args = [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...filters,
  ];
  const { json, ended } = await runReporting(file, [inProject("node_modules/vitest/vitest.mjs"), ...args], {
    signal,
    deadlineMs,
    patienceMs: 30_000,
    env: { ...env, NO_COLOR: "1", FORCE_COLOR: undefined },
    onLine(line) {
      const [, test] = /^ [✓❯×] (?:\|?\w+\|? )?(\S+\.test\.tsx?)/.exec(line) ?? [];
      if (test) say(`${++files} files, last ${path.basename(test)}`);
    },
  });
  // What passed is in the counts: a person needs to see what failed.
  const at = ended.output.search(/^⎯+ (Failed|Unhandled)/m);
  return tallyVitest(`${project} tests`, json, { ...ended, output: at < 0 ? ended.output : ended.output.slice(at) });
}

/** e2e/ in a real browser; playwright.config.ts says against what. */
export async function runPlaywright(options: SuiteOptions): Promise<Tally> {
  const { signal, say, deadlineMs, env = {}, filters = [] } = options;
  const file = reportFile("e2e");
  const args = ["test", "--reporter=list,json", ...filters];
  const { json, ended } = await runReporting(file, [inProject("node_modules/@playwright/test/cli.js"), ...args], {
    signal,
    deadlineMs,
    patienceMs: 100_000, // longer than playwright.config.ts gives its server
    stopSignal: "SIGINT", // Playwright's own way to stop its server and browsers
    env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: file, NO_COLOR: "1", FORCE_COLOR: undefined },
    onLine(line) {
      const [, test] = /^\s+[✓✘-]\s+\d+ (.*)/.exec(line) ?? [];
      if (test) say(test.slice(0, 80));
    },
  });
  return tallyPlaywright("e2e tests", json, ended);
}
