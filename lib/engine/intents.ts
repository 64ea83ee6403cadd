import type { Env } from "./env.ts";
import { HostUnreachable, HypervisorRefused, type Intent } from "./ports.ts";

/** How long an intent waits for its host to be connected before a person is told that it could not be done. */
const hostWaitMs = 30_000;

/**
 * Carries out one intent. Begun is written first; an engine that dies in between leaves it begun, and the next one does it
 * again: harmless, since the fault is bound to the run of the VM that the person saw.
 */
async function carryOut(env: Env, intent: Intent): Promise<void> {
  const { store, hypervisor, clock } = env;
  if (!(await store.beginIntent(intent.id, clock.now()))) return;
  const outcome = await hypervisor.inject(intent.hostId, intent, "kill-qemu").then(
    ({ done, words }) => ({ ok: done, words }),
    (error: unknown) => {
      if (error instanceof HostUnreachable && clock.now() < intent.at + hostWaitMs) return undefined;
      if (error instanceof HostUnreachable || error instanceof HypervisorRefused)
        return { ok: false, words: error.message };
      throw error;
    },
  );
  if (outcome !== undefined) await store.endIntent(intent.id, outcome, clock.now());
}

/** Carries out what people asked for and nobody has done yet, oldest first. */
export async function carryOutIntents(env: Env): Promise<void> {
  for (const intent of await env.store.pendingIntents()) await carryOut(env, intent);
}
