import type { Env } from "../env.ts";

/** VMs that are being made, by UUID: who makes them has them watched when they run, and not before. */
const known = new WeakMap<Pick<Env, "clock">, Set<string>>();

export function beingMade(env: Pick<Env, "clock">): Set<string> {
  const found = known.get(env) ?? new Set();
  known.set(env, found);
  return found;
}
