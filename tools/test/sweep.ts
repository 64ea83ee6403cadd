import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../kit/command.ts";
import { explain } from "../kit/failure.ts";
import { endProcess, identify } from "../kit/identity.ts";
import { inProject, nodeArguments } from "../kit/project.ts";
import { leftoversOf, type RunMark, runVariable } from "./leftovers.ts";
import { failed, passed, type Tally } from "./tally.ts";

const settleMs = 10_000;
const part = "nothing is left on the machine";
const folder = /^test-labs-(\d+)$/;

export interface Sweep {
  /** For everything that the run starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the run left anything; what it left is then removed, so that the next run starts clean. */
  finish(): Promise<Tally>;
}

/** Marks a run, and clears what a run that was killed has left of its labs. Touches nothing that is not marked. */
export async function beginSweep(): Promise<Sweep> {
  for (const entry of await readdir(inProject(".data")).catch(() => [])) {
    const pid = folder.exec(entry)?.[1];
    if (pid !== undefined && (await identify(Number(pid))) === undefined) await removeLabs(inProject(".data", entry));
  }
  const mark: RunMark = { id: `${process.pid}-${Date.now()}`, labsDir: inProject(".data", `test-labs-${process.pid}`) };
  return {
    env: { [runVariable]: mark.id, BELAY_LABS: mark.labsDir },
    async finish() {
      const words = await settled(mark);
      const trouble = await removeLabs(mark.labsDir);
      for (const one of (await leftoversOf(mark)).processes)
        await endProcess(one, 5_000).catch((error: unknown) => void trouble.push(explain(error)));
      if (words.length + trouble.length === 0) return passed(part);
      return failed(part, [...words.map((one) => `left: ${one}`), ...trouble].join("\n"));
    },
  };
}

/** What is left once everything that was told to end had the time to. */
async function settled(mark: RunMark): Promise<string[]> {
  for (const until = Date.now() + settleMs; ; await sleep(200)) {
    const { processes, things } = await leftoversOf(mark);
    const labs = await labsIn(mark.labsDir);
    const words = [
      ...labs.map((name) => `lab ${name}`),
      ...things,
      ...processes.map((one) => `process ${one.pid}: ${one.words}`),
    ];
    if (words.length === 0 || Date.now() > until) return words;
  }
}

async function labsIn(labsDir: string): Promise<string[]> {
  const entries = await readdir(labsDir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Takes every lab of the folder down and removes the folder. Returns what went wrong; the folder then stays for the next try. */
async function removeLabs(labsDir: string): Promise<string[]> {
  const trouble: string[] = [];
  for (const name of await labsIn(labsDir)) {
    const { ok, words, output } = await runCommand(
      process.execPath,
      [...nodeArguments, "lab/main.ts", "down", "--lab", name],
      {
        env: { BELAY_LABS: labsDir },
        deadlineMs: 60_000,
      },
    );
    if (!ok) trouble.push(`lab ${name} of ${path.basename(labsDir)} does not go down: ${words}\n${output}`);
  }
  if (trouble.length === 0) await rm(labsDir, { recursive: true, force: true });
  return trouble;
}
