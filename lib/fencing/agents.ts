import { type FenceAgents, FenceFailed, type PowerState } from "../engine/ports.ts";
import type { FenceDevice } from "../model/index.ts";
import { findProgram } from "./find-program.ts";
import { type ProgramRun, runProgram } from "./run-program.ts";

/**
 * ClusterLabs' fence agent interface (FenceAgentAPI.md): options as `key=value` lines on standard input, so that no secret is in a
 * list of processes; the exit code is 0 for done or on, 2 for off (of `status`), anything else for failed.
 */

const maxOutputBytes = 4096;
const maxWords = 300;
const secretNames = /pass|secret|token|key|cred|community/i;

/** The lines for the agent. Throws where a value would be read as a further option. */
function inputFor(device: FenceDevice, action: string): string {
  const lines = [`action=${action}`];
  for (const [name, value] of Object.entries(device.options)) {
    if (name === "action" || name === "option") continue; // what is asked is ours to say
    if (!/^[A-Za-z0-9_-]+$/.test(name) || /[\r\n\0]/.test(value))
      throw new FenceFailed(`The option ${JSON.stringify(name)} cannot be given to the agent: it is not one line.`);
    lines.push(`${name}=${value}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The agent's last words, without what only it may know. Agents repeat their options when they are verbose, or crash. */
function lastWords(device: FenceDevice, output: string): string {
  let words = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-3)
    .join(" ");
  for (const [name, value] of Object.entries(device.options))
    if (secretNames.test(name) && value !== "") words = words.replaceAll(value, "•••");
  return words.length > maxWords ? `…${words.slice(-maxWords)}` : words;
}

async function ask(device: FenceDevice, action: "status" | "on" | "off"): Promise<ProgramRun & { words: string }> {
  const stdin = inputFor(device, action);
  const file = await findProgram(device.agent);
  if (file === undefined)
    throw new FenceFailed(
      `There is no fence agent ${device.agent} on Belay's server. Install it there, or name another.`,
    );
  const run = await runProgram({ file, args: [], stdin, timeoutMs: device.timeoutMs, maxOutputBytes });
  const words = lastWords(device, run.output);
  if (run.notStarted !== null) throw new FenceFailed(`${device.agent} did not start: ${run.notStarted}`);
  if (run.timedOut)
    throw new FenceFailed(
      `${device.agent} did not answer within ${device.timeoutMs} ms.${words ? ` It said: ${words}` : ""}`,
    );
  return { ...run, words };
}

const failed = (device: FenceDevice, { exitCode, words }: ProgramRun & { words: string }) =>
  new FenceFailed(
    words === ""
      ? `${device.agent} failed (${exitCode ?? "ended by a signal"}) and said nothing.`
      : `${device.agent}: ${words}`,
  );

/** Runs fence agents on this machine. */
export function createFenceAgents(): FenceAgents {
  return {
    async status(device): Promise<PowerState> {
      const run = await ask(device, "status");
      if (run.exitCode === 0) return "on";
      if (run.exitCode === 2) return "off";
      throw failed(device, run);
    },
    async switch(device, to) {
      const run = await ask(device, to);
      if (run.exitCode !== 0) throw failed(device, run);
    },
  };
}
