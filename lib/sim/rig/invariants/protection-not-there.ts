import { policyOf } from "../../store/tables.ts";
import { graceMs, type Invariant } from "./sight.ts";

/** A host that is shown as protected has a power switch that answered not long ago, or a helper that is there with its watchdog armed. */
export const protectionNotThere: Invariant = ({ tables, world, now, belayLives, lasts }) =>
  function* () {
    const staleMs = 2 * policyOf(tables).fenceTestEveryMs;
    const wallNow = world.wall.at(now());
    for (const { host, removed } of tables.hosts.values()) {
      if (removed || !host.protection.ok) continue;
      const real = world.hostByUri(host.uri);
      const tested = [...tables.fenceDevices.values()].some(
        (it) => it.hostId === host.id && it.ok && it.testedAt !== null && wallNow - it.testedAt <= staleMs,
      );
      const helper = real?.helper;
      const armed = helper?.running === true && helper.watchdog !== "none" && helper.line !== null;
      // While Belay is dead, or its host is silent, nothing on the page is newer than what it last wrote.
      if (lasts(`protection ${host.id}`, belayLives() && host.health === "green" && !tested && !armed, 2 * graceMs))
        yield `8: ${host.name} is shown as protected, and nothing would prove it off: ${host.protection.words}`;
    }
  };
