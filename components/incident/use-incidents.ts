import { useQuery } from "@tanstack/react-query";
import { fetchIncident, fetchIncidents, keys, type LiveCloud, orThrow } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";
import type { IncidentId } from "../../lib/model/index.ts";

/** How far back the history goes. */
export const historyLength = 200;

/** The history that was fetched, with what the socket knows better, newest first. */
export function mergeIncidents(
  fetched: readonly IncidentView[],
  live: readonly IncidentView[],
): readonly IncidentView[] {
  const byId = new Map([...fetched, ...live].map((it) => [it.id, it]));
  return [...byId.values()].sort((a, b) => b.tp - a.tp);
}

/** All incidents that the viewer may see; the newest ones live. */
export function useIncidents(cloud: LiveCloud) {
  const history = useQuery({ queryKey: keys.incidents, queryFn: () => orThrow(fetchIncidents(historyLength)) });
  return { ...history, incidents: mergeIncidents(history.data ?? [], cloud.incidents) };
}

/** One incident: the live one, or the server's where it ended too long ago to be in the cloud. */
export function useIncident(cloud: LiveCloud, id: IncidentId) {
  const live = cloud.incidents.find((it) => it.id === id);
  const fetched = useQuery({
    queryKey: keys.incident(id),
    queryFn: () => orThrow(fetchIncident(id)),
    enabled: live === undefined,
  });
  return { incident: live ?? fetched.data, error: fetched.error, refetch: fetched.refetch };
}
