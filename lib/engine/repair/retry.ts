import type { Env } from "../env.ts";
import { HostUnreachable, HypervisorRefused } from "../ports.ts";

/** Pauses between two tries: short at first, since most first tries succeed. */
const pausesMs = [100, 250, 500, 1_000, 2_000, 5_000];

/** One try: what came of it, or in words what stands in the way. `again` tries at once, without a pause. */
export type Try<T> = { readonly came: T } | { readonly trouble: string; readonly again?: boolean };

/** `words` may be read by the VM's owner, `detail` by the provider alone. */
export interface Trouble {
  readonly words: string;
  readonly detail: string | undefined;
}

/**
 * Tries until something comes of it or the time is over; a silent host and a refusal of the hypervisor are tried again like
 * any other trouble. Gives the last trouble's words when nothing came.
 */
export async function retry<T>(
  { clock }: Pick<Env, "clock">,
  withinMs: number,
  attempt: () => Promise<Try<T>>,
): Promise<{ readonly came: T } | { readonly trouble: Trouble }> {
  const deadline = clock.monotonicMs() + withinMs; // the time of day may be set meanwhile
  let trouble: Trouble = { words: "", detail: undefined };
  for (let tries = 0; clock.monotonicMs() < deadline; tries++) {
    try {
      const result = await attempt();
      if ("came" in result) return result;
      trouble = { words: result.trouble, detail: undefined };
      if (result.again === true) continue;
    } catch (error) {
      if (error instanceof HostUnreachable) trouble = { words: "Its host is not connected.", detail: error.message };
      else if (error instanceof HypervisorRefused)
        trouble = { words: "The hypervisor refused.", detail: error.message };
      else throw error;
    }
    await clock.sleep(pausesMs[Math.min(tries, pausesMs.length - 1)] ?? 1_000);
  }
  return { trouble };
}
