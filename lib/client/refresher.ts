import type { CloudEvent } from "../contract/index.ts";
import type { LiveCloud } from "./apply.ts";

/** Waited before the first fetch, so that what happens together is fetched together; and as much again by chance, so that browsers do not knock in step. */
const gatherMs = 1_000;
/** From the beginning of one fetch to the next. */
const betweenMs = 2_000;
const afterFailureMs = 5_000;

export interface Refresher {
  /** The picture is out of date. Cheap to say again. */
  want(): void;
  stop(): void;
}

/** Calls `refresh` soon after it was wanted, never two at once, and never oftener than every `betweenMs`. It answers whether it worked. */
export function createRefresher(refresh: () => Promise<boolean>, random: () => number = Math.random): Refresher {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;
  let stopped = false;
  let notBefore = 0;

  const want = () => {
    if (stopped || timer !== undefined) return;
    if (running) again = true;
    else timer = setTimeout(() => void run(), Math.max(gatherMs, notBefore - Date.now()) + random() * gatherMs);
  };

  const run = async () => {
    timer = undefined;
    running = true;
    again = false;
    notBefore = Date.now() + betweenMs;
    const worked = await refresh();
    running = false;
    if (!worked) notBefore = Date.now() + afterFailureMs;
    if (again || !worked) want();
  };

  return {
    want,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Whether the events put a customer's picture out of date: what VMs have of their hosts comes with the whole cloud only, and a VM that
 * moved looks to its owner as it did before. Providers have the hosts themselves.
 */
export const outdates = (events: readonly CloudEvent[], { viewer, base }: LiveCloud): boolean =>
  viewer.role === "customer" &&
  events.some(
    ({ seq, change: { kind } }) =>
      seq > base && (kind === "cloud.stale" || kind === "vm.changed" || kind === "application.changed"),
  );
