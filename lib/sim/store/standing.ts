import { type EpochMs, type Host, type HostStanding, hostStandings } from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import { type FenceProof, need } from "./tables.ts";

/** Writes and tells a standing that the table allows. The proof stays as long as the standing that it was given for. */
export function putStanding(
  { tables, log }: Parts,
  id: Host["id"],
  to: { readonly standing: HostStanding; readonly words: string | null; readonly proof?: FenceProof | undefined },
  at: EpochMs,
): Host {
  const row = need(tables.hosts, id, "host");
  const { standing, words } = to;
  const host: Host = { ...row.host, standing, standingWords: words };
  tables.hosts.set(id, { ...row, host, fenceProof: standing === "fenced" ? to.proof : undefined });
  log.append(at, `Host ${host.name}: ${words ?? hostStandings[standing].words}`, { kind: "host.changed", host });
  return host;
}
