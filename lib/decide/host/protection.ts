import { type CloudPolicy, type EpochMs, type FenceDevice, freshHost, type Host } from "../../model/index.ts";
import { leaseProves } from "./lease.ts";

/** Whether Belay could prove the host off if it died now. The words change only when that does. */
export function protectionOf(
  host: Pick<Host, "helper">,
  devices: readonly FenceDevice[],
  policy: Pick<CloudPolicy, "leaseMs" | "fenceTestEveryMs">,
  now: EpochMs,
): Host["protection"] {
  const inOrder = devices.length > 1 ? devices.toSorted((a, b) => a.position - b.position) : devices;
  const tested = (device: FenceDevice) =>
    device.ok && device.testedAt !== null && now - device.testedAt <= 2 * policy.fenceTestEveryMs;
  const by: string[] = [];
  const good = inOrder.find(tested);
  if (good !== undefined) by.push(`its power switch (${good.agent}) answers`);
  if (leaseProves(host.helper, policy)) by.push(`its helper holds a lease, with a ${host.helper.watchdog} watchdog`);
  if (by.length > 0) return { ok: true, words: `Protected: ${by.join(", and ")}.` };
  const [bad] = inOrder;
  if (bad !== undefined)
    return {
      ok: false,
      words:
        bad.testedAt === null
          ? `Not protected: its power switch (${bad.agent}) was not tested yet.`
          : bad.ok
            ? `Not protected: its power switch (${bad.agent}) was not tested lately.`
            : `Not protected: its power switch (${bad.agent}) failed its test. ${bad.words}`,
    };
  if (host.helper === null) return freshHost.protection;
  return {
    ok: false,
    words: !host.helper.connected
      ? "Not protected: it has no tested fence device, and its helper is not connected."
      : "Not protected: it has no tested fence device, and its helper has no watchdog that ends in time.",
  };
}
