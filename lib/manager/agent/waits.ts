import type { ManagerState } from "../decide/index.ts";
import type { Log } from "../servers.ts";

/** Why nothing more is done about a server that is down: told when it changes, for that may be a person's business. */
export function createWaits(log: Log) {
  let told = new Map<string, string>();
  return (state: ManagerState): void => {
    const now = new Map<string, string>();
    for (const { server, stage } of Object.values(state.troubles)) {
      const before = told.get(server);
      const why = stage.is === "waiting" ? stage.why : before;
      if (why === undefined) continue;
      now.set(server, why);
      if (why !== before) log(`${server} does not work. ${why}`);
    }
    told = now;
  };
}
