import { ManagerError } from "../../servers.ts";
import type { CommandOptions } from "../../ssh/index.ts";
import { mirrorUser, sqlString } from "./accounts.ts";
import { serverIdOf } from "./config.ts";
import { type DatabaseSite, mirrorAddress, mirrorPassword, readFollowing, sql } from "./database.ts";
import { covers, parsePosition, withoutDomain } from "./gtid.ts";
import type { DatabaseState } from "./plan.ts";

/** Begins to follow, from where the server is. Again and again the same. */
export async function followMirror(site: DatabaseSite, mirror: DatabaseSite, options: CommandOptions): Promise<void> {
  const { host, port } = mirrorAddress(mirror);
  const password = mirrorPassword(site) ?? "";
  await sql(
    site,
    "follow its mirror",
    `STOP SLAVE;
CHANGE MASTER TO MASTER_HOST=${sqlString(host)}, MASTER_PORT=${port}, MASTER_USER='${mirrorUser}', MASTER_PASSWORD=${sqlString(password)},
  MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=1, MASTER_USE_GTID=slave_pos;
START SLAVE;
`,
    options,
  );
}

/** Follows already, and whom it should: left alone. */
export async function keepFollowing(site: DatabaseSite, mirror: DatabaseSite, options: CommandOptions): Promise<void> {
  const { host, port } = mirrorAddress(mirror);
  const now = await readFollowing(site, options);
  if (now?.host === `${host}:${port}` && now.applying && now.reading) return;
  await followMirror(site, mirror, options);
}

/**
 * All that the server has received is applied: what it acknowledged by receiving it is in its data. `differs` where something of it was there
 * already in another form: a request whose answer was lost with its mirror was sent again, and done here first. Then the row that was
 * received counts, and the mirror can no more be compared with this server: it has to be copied.
 */
export async function settle(
  site: DatabaseSite,
  at: DatabaseState,
  withinSeconds: number,
  options: CommandOptions,
): Promise<"settled" | "changed" | "differs"> {
  const now = await readFollowing(site, options);
  if (now === null || now.received === "") return "settled";
  const wanted = withoutDomain(now.received, serverIdOf(site.server, site.context.description));
  if (wanted === "" || covers(at.position, parsePosition(wanted))) return "settled";
  const conflict = !now.applying && /\b(1062|1032)\b|Duplicate entry|Can't find record/.test(now.words);
  if (!now.applying && !conflict)
    throw new ManagerError({
      code: "mirrorStopped",
      message: `${site.server.name} has changes of its mirror that it cannot apply.`,
      output: now.words,
    });
  if (conflict)
    await sql(
      site,
      "apply over what is there",
      "SET GLOBAL slave_exec_mode='IDEMPOTENT';\nSTART SLAVE SQL_THREAD;\n",
      options,
    );
  try {
    if (await reached(site, wanted, withinSeconds, options)) return conflict ? "differs" : "changed";
  } finally {
    if (conflict) await sql(site, "apply strictly again", "SET GLOBAL slave_exec_mode='STRICT';\n", options);
  }
  throw new ManagerError({
    code: "notSettled",
    message: `${site.server.name} did not apply all of its mirror's changes in time.`,
  });
}

/** Has everything that the mirror had when it was asked. Answers false where it cannot be read there any more. */
export async function catchUp(
  site: DatabaseSite,
  mirrorPosition: string,
  withinSeconds: number,
  options: CommandOptions,
): Promise<boolean> {
  const wanted = withoutDomain(mirrorPosition, serverIdOf(site.server, site.context.description));
  if (wanted === "") return true;
  const deadline = performance.now() + withinSeconds * 1000;
  while (performance.now() < deadline) {
    if (await reached(site, wanted, 2, options)) return true;
    const now = await readFollowing(site, options);
    // A mirror that is away for a moment is tried again by the server itself; what was thrown away there never comes.
    if (now?.words !== undefined && /1236|requested GTID|could not find next log/i.test(now.words)) return false;
    if (now !== null && !now.applying)
      throw new ManagerError({
        code: "followStopped",
        message: `${site.server.name} cannot apply its mirror's changes.`,
        output: now.words,
      });
    site.act.progress(null, `reads what is new from its mirror.`);
  }
  return false;
}

const reached = async (site: DatabaseSite, position: string, seconds: number, options: CommandOptions) =>
  (
    await sql(
      site,
      "wait for changes",
      `SELECT MASTER_GTID_WAIT(${sqlString(position)}, ${Math.ceil(seconds)});\n`,
      options,
    )
  ).trim() === "0";
