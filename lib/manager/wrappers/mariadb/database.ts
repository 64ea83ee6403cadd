import { bindingsOf, portOf, type ServerOf, serverNamed } from "../../description/index.ts";
import { ManagerError } from "../../servers.ts";
import { type CommandOptions, sh } from "../../ssh/index.ts";
import { type Site, siteOf } from "../site.ts";
import { checkUser } from "./accounts.ts";
import { parsePosition } from "./gtid.ts";
import type { DatabaseState } from "./plan.ts";

export type Mariadb = ServerOf<"mariadb">;
export type DatabaseSite = Site<Mariadb>;

export const confOf = ({ paths }: DatabaseSite) => `${paths.config}/my.cnf`;
/** Beside the data, so that it goes back with them: they were complete once. */
export const wholeMark = ({ paths }: DatabaseSite) => `${paths.state}/whole`;

/** Statements on the server itself, as root by its socket. SQL goes by the input: no shell meets it. */
export async function sql(
  site: DatabaseSite,
  what: string,
  statements: string,
  options: CommandOptions,
): Promise<string> {
  const client = sh`exec mariadb --defaults-file=${confOf(site)} -N -B`;
  const done = await site.shell.feed(what, client, statements, options);
  if (done.code === 0) return done.stdout;
  throw new ManagerError({
    code: "sqlFailed",
    message: `${site.server.name}: ${what} failed.`,
    output: done.stderr.trim() || done.stdout.trim(),
  });
}

export interface SeenState extends DatabaseState {
  /** Those that are not the server's own. */
  readonly databases: readonly string[];
  /** As the server writes it. */
  readonly logged: string;
}

const stateSql = `SELECT @@global.read_only, @@global.gtid_binlog_pos, @@global.gtid_slave_pos,
 (SELECT GROUP_CONCAT(schema_name SEPARATOR '/') FROM information_schema.schemata
  WHERE schema_name NOT IN ('mysql','sys','information_schema','performance_schema'));
`;

/** Fails where the server does not answer. `first`: statements that come before, as each start of the client costs. */
export async function readState(site: DatabaseSite, options: CommandOptions, first = ""): Promise<SeenState> {
  const script = sh`[ -e ${wholeMark(site)} ] && echo whole || echo partial
exec mariadb --defaults-file=${confOf(site)} -N -B`;
  const done = await site.shell.feed("look at the database", script, `${first}${stateSql}`, options);
  if (done.code !== 0)
    throw new ManagerError({
      code: "sqlFailed",
      message: `${site.server.name} does not answer as it should.`,
      output: done.stderr.trim(),
    });
  const [mark = "", row = ""] = done.stdout.split("\n");
  const [readOnly, logged = "", applied = "", names = ""] = row.split("\t");
  return {
    whole: mark === "whole",
    open: readOnly === "0",
    position: parsePosition(`${logged},${applied}`),
    logged,
    databases: names === "NULL" || names === "" ? [] : names.split("/"),
  };
}

export interface FollowState {
  readonly host: string;
  readonly reading: boolean;
  readonly applying: boolean;
  readonly received: string;
  readonly words: string;
}

/** What the server says of its following; null where it follows nobody. */
export async function readFollowing(site: DatabaseSite, options: CommandOptions): Promise<FollowState | null> {
  const look = sh`exec mariadb --defaults-file=${confOf(site)} -E -e ${"SHOW SLAVE STATUS"}`;
  const answer = await site.shell.must("look at its following", look, options);
  if (answer.trim() === "") return null;

  return followState(answer);
}

export function followState(answer: string): FollowState {
  const field = (name: string) => new RegExp(`^\\s*${name}: (.*)$`, "m").exec(answer)?.[1]?.trim() ?? "";
  return {
    host: `${field("Master_Host")}:${field("Master_Port")}`,
    reading: field("Slave_IO_Running") === "Yes",
    applying: field("Slave_SQL_Running") === "Yes",
    received: field("Gtid_IO_Pos"),
    words: [field("Last_IO_Error"), field("Last_SQL_Error")].filter((text) => text !== "").join(" "),
  };
}

/** The one whose changes it follows, and that follows it. */
export function mirrorOf(site: DatabaseSite): DatabaseSite | null {
  const [name, ...more] = site.server.options.replicates;
  if (name === undefined) return null;
  if (more.length > 0)
    throw new ManagerError({
      code: "tooManyMirrors",
      message: `${site.server.name} follows ${site.server.options.replicates.join(", ")}.`,
      cure: "A pair of servers that follow each other is what this wrapper keeps.",
    });
  const mirror = serverNamed(site.context.description, name);
  if (mirror.kind !== "mariadb") throw new ManagerError({ code: "noMirror", message: `${name} is no MariaDB.` });
  return siteOf(site.context, site.shells, mirror, site.act);
}

export function mirrorPassword(site: DatabaseSite): string | undefined {
  const { replicationPassword, replicates } = site.server.options;
  if (replicates.length === 0 && replicationPassword === undefined) return undefined;
  if (replicationPassword !== undefined) return site.context.secretOf(replicationPassword);
  throw new ManagerError({
    code: "noSecret",
    message: `${site.server.name} follows another server and has no replicationPassword.`,
    cure: "Name a secret in its options, the same for both.",
  });
}

/** The users by which HAProxy's servers look whether this one may get work. */
export function checkUsersOf(site: DatabaseSite): readonly string[] {
  const { description, addresses } = site.context;
  const names = bindingsOf(description, addresses, site.server.name).usedBy.flatMap(({ server }) => {
    const user = serverNamed(description, server);
    return user.kind === "haproxy" && user.options.check === "mysql" ? [user.options.checkUser ?? checkUser] : [];
  });
  return [...new Set([checkUser, ...names])];
}

export const mirrorAddress = (mirror: DatabaseSite) => ({ host: mirror.shell.address, port: portOf(mirror.server) });
