import type { EngineOptions } from "../../env.ts";

/** Added to what it takes to prove a host off. */
const slackMs = 30_000;
/** For a host that does not answer, while nothing was touched. */
export const lookWithinMs = 10_000;

/** So long the group waits for those of it whose host failed, or that another repair works on. */
export const gatherWithinMs = ({ fenceWithinMs }: Pick<EngineOptions, "fenceWithinMs">): number =>
  fenceWithinMs + slackMs;

/**
 * So long at most VMs of a group that are well wait for the others, until all are stopped or are left as they are: for those that are not there yet,
 * and for each one's place and what it is made of. What the store of checkpoints takes to be read comes on top.
 */
export const untouchedWithinMs = (options: Pick<EngineOptions, "fenceWithinMs">, members: number): number =>
  gatherWithinMs(options) + members * 2 * lookWithinMs;
