import { type EpochMs, type FenceMethod, type Host, type HostStanding, hostStandings } from "../../model/index.ts";
import { Prisma } from "../generated/client.ts";
import { toHost } from "../rows/host.ts";
import type { Write } from "../write/writer.ts";

export interface FenceProofRow {
  readonly method: FenceMethod;
  readonly at: EpochMs;
  readonly words: string;
}

/** Writes and tells a standing that the table allows. The proof stays as long as the standing that it was given for. */
export async function putStanding(
  { db, emit }: Write,
  id: string,
  to: { readonly standing: HostStanding; readonly words: string | null; readonly proof?: FenceProofRow | undefined },
  at: EpochMs,
): Promise<Host> {
  const { standing, words, proof } = to;
  const fenceProof = standing === "fenced" && proof !== undefined ? { ...proof } : Prisma.DbNull;
  const data = { standing, standingWords: words, fenceProof };
  const host = toHost(await db.host.update({ where: { id }, data }));
  emit(at, `Host ${host.name}: ${words ?? hostStandings[standing].words}`, { kind: "host.changed", host });
  return host;
}
