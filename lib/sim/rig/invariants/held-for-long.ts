import type { Invariant } from "./sight.ts";

const mostMs = 1100;

/** No guest stands still for a capture for more than a second, whoever died in the middle of it. */
export const heldForLong: Invariant = ({ world, now }) =>
  function* () {
    for (const [uuid, { host, runId, since }] of world.saved.held) {
      const domain = world.host(host)?.domains.get(uuid);
      if (now() - since > mostMs && domain?.state === "paused" && domain.runId === runId)
        yield `3: ${domain.name} on ${host} stands still for a capture for more than a second.`;
    }
  };
