import type { Agent } from "../agent/index.ts";
import { startLink } from "../link/index.ts";
import type { Opened } from "../work/index.ts";
import type { Channel } from "./channel.ts";
import { version } from "./version.ts";

/** A beat takes a moment on its way: that much is no difference of clocks. */
const clocksAgreeMs = 500;
/** Until the provider says otherwise (its `welcome`). */
const usualLeaseMs = 6_000;
const sayAgainMs = 2_000;

/** The standing connection, and what it means for the right to act. */
export function bySocket(
  { api, key, instance, description }: Opened,
  agent: Agent,
  log: (words: string) => void,
  end: (error: unknown) => void,
): Channel {
  let lapse: NodeJS.Timeout | undefined;
  let leaseMs = usualLeaseMs;
  let clockAheadMs = 0;
  let said = "";
  const sayOnce = (words: string) => {
    if (words !== said) log(words);
    said = words;
  };

  const link = startLink({
    ...{ url: api.url, key, instance, name: `belay-manager for ${description.application.name}`.slice(0, 80), version },
    ears: {
      standing(standing, epoch, lease) {
        clearTimeout(lapse);
        leaseMs = lease ?? leaseMs;
        sayOnce(
          standing === "active"
            ? "Connected: this manager is the active one."
            : "Connected: another manager of the organization is active, this one stands by.",
        );
        agent.stand(standing, epoch);
      },
      message(event) {
        agent
          .hear(event)
          .then((ours) => {
            if (ours) link.send({ type: "received", id: event.id });
          })
          .catch(() => {}); // the journal cannot be written: the manager ends
      },
      unknownMessage(id, words) {
        if (!agent.mayAct()) return;
        log(`The provider sent a ${words}, which this version does not know.`);
        link.send({ type: "received", id });
      },
      taken: (id) => void agent.feed({ is: "taken", id }).catch(() => {}),
      refused(id, error) {
        if (id === null) return sayOnce(`The provider refused a report: ${error.message}`);
        log(`The provider refused what was said: ${error.message}`);
        const again = error.code === "not-available" || (error.code === "conflict" && error.field === "epoch");
        agent.feed({ is: "refused", id, again }).catch(() => {});
        if (again) setTimeout(() => agent.sendAgain(), sayAgainMs).unref();
      },
      beat(at) {
        const ahead = at - Date.now();
        clockAheadMs = Math.abs(ahead) < clocksAgreeMs ? 0 : ahead;
      },
      down(words, silentMs) {
        sayOnce(words);
        agent.sendAgain();
        // The right to act outlives the connection by the lease, and no longer: then another manager may have it.
        clearTimeout(lapse);
        lapse = setTimeout(() => agent.stand(null), Math.max(0, leaseMs - silentMs));
      },
      ended: end,
    },
  });
  return {
    say: (message) => link.send({ type: "message", message }),
    report: (applicationId, sensors) => void link.send({ type: "sensors", applicationId, sensors: [...sensors] }),
    clockAheadMs: () => clockAheadMs,
    close() {
      clearTimeout(lapse);
      link.close();
    },
  };
}
