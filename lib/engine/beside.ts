import type { Cause, Hook } from "../model/index.ts";
import type { Env } from "./env.ts";

const atOnce = 4;
const waitingAtMost = 256;

interface Told {
  readonly hook: Hook;
  readonly facts: Readonly<Record<string, unknown>>;
}
interface Line {
  readonly waiting: Told[];
  running: number;
}
/** One line per engine. */
const lines = new WeakMap<Env, Line>();

async function tell(env: Env, { hook, facts }: Told): Promise<void> {
  const ran = await env.hooks.run(hook, facts);
  const { exitCode, timedOut } = ran;
  if (timedOut || exitCode !== 0)
    env.log.warn(`${hook.program} ${timedOut ? "did not end in time" : "failed"}`, {
      ...{ cause: hook.cause, exitCode, output: ran.output.slice(0, 2_000) },
    });
}

function pump(env: Env, line: Line): void {
  while (line.running < atOnce) {
    const next = line.waiting.shift();
    if (next === undefined) return;
    line.running++;
    tell(env, next)
      .catch((error: unknown) => env.log.warn(`${next.hook.program} could not be run`, { error: String(error) }))
      .finally(() => {
        line.running--;
        pump(env, line);
      });
  }
}

/**
 * Runs the provider's programs that are told of a failure while Belay repairs it. Nothing waits for them, and they are told once: a
 * program that must not be missed is a repair of its own (`instead`).
 */
export function tellBeside(
  env: Env,
  hooks: readonly Hook[],
  cause: Cause,
  facts: Readonly<Record<string, unknown>>,
): void {
  const line = lines.get(env) ?? { waiting: [], running: 0 };
  lines.set(env, line);
  for (const hook of hooks) {
    if (!hook.enabled || hook.role !== "beside" || hook.cause !== cause) continue;
    if (line.waiting.length >= waitingAtMost) env.log.warn(`${hook.program} was not run: too many wait`, { cause });
    else line.waiting.push({ hook, facts: { ...facts, cause } });
  }
  pump(env, line);
}
