import { BelayError, type CloudPolicy, intervalWords } from "../model/index.ts";

/** What people choose lies between what the provider offers. 0 and null are no interval. */
export function refuseInterval(
  everyMs: number | null | undefined,
  { checkpointLeastMs, checkpointMostMs }: Pick<CloudPolicy, "checkpointLeastMs" | "checkpointMostMs">,
): void {
  if (everyMs === undefined || everyMs === null || everyMs === 0) return;
  if (everyMs >= checkpointLeastMs && everyMs <= checkpointMostMs) return;
  const [least, most] = [intervalWords(checkpointLeastMs), intervalWords(checkpointMostMs)];
  throw new BelayError("bad-input", `The provider does not save VMs every ${intervalWords(everyMs)}.`, {
    field: "checkpointEveryMs",
    cure: `Choose between ${least} and ${most} (${checkpointLeastMs} to ${checkpointMostMs} ms).`,
  });
}
