import { acknowledged, treated, type Visit } from "../../auction/visitors.ts";
import type { AuctionLab } from "./auction-lab.ts";
import { type DatabaseVm, databases } from "./auction-repair.ts";
import { inVm } from "./auction-ssh.ts";

const tables = ["bids", "purchases", "comments", "items", "users"] as const;

/** Writes that the site said were done, and that one of the databases does not have; by database. */
export async function lostWrites(
  lab: AuctionLab,
  visits: readonly Visit[],
  prefix: string,
): Promise<readonly string[]> {
  const said = visits.filter(acknowledged).flatMap(({ write }) => write ?? []);
  const lost: string[] = [];
  for (const vm of ["db-1", "db-2"] as const satisfies DatabaseVm[]) {
    const address = await lab.address(vm);
    const statement = tables
      .map((table) => `SELECT token FROM ${table} WHERE token LIKE '${prefix}-%'`)
      .join(" UNION ALL ");
    const rows = await inVm(lab.staged.stateDir, address, (on) => on.sql(databases[vm], `USE auction; ${statement}`));
    const there = new Set(rows.map(([token]) => token));
    for (const { token, table } of said) if (!there.has(token)) lost.push(`${databases[vm]}: ${token} in ${table}`);
  }
  return lost;
}

/** Each request that got no answer as it should, in words. `killedAt`: what it is told against. */
export function untreated(visits: readonly Visit[], killedAt: number): readonly string[] {
  return visits
    .filter((visit) => !treated(visit))
    .map((visit) => {
      const when = ((visit.at - killedAt) / 1000).toFixed(1);
      const what = visit.write === null ? visit.what : `${visit.what} ${visit.write.token}`;
      const answer = visit.answered ? `status ${visit.status}` : visit.words;
      const why =
        visit.write === null
          ? ""
          : " Not acknowledged, so nothing is owed; sent again with its token it would be done once.";
      return `${what}, sent ${when} s after the failure: ${answer} after ${visit.ms} ms.${why}`;
    });
}
