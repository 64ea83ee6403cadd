import { createHmac } from "node:crypto";
import type { ServerOf } from "../../description/index.ts";

/** HAProxy asks as this user whether the server may get work; it is locked until the server is whole. It may do nothing. */
export const checkUser = "belay_check";
/** Mirrors read as this user. Locked until the server is whole, so that nothing is read from one that is not. */
export const mirrorUser = "belay_mirror";
/** The manager reads the log of transactions as this user, through its own way into the VM. Not a gate: it may always. */
export const recorderUser = "belay_recorder";
/** Nobody else can make it up: it follows from the key that opens the VM anyway. */
export const recorderPassword = (server: string, privateKey: string): string =>
  createHmac("sha256", privateKey).update(`belay recorder of ${server}`).digest("hex");

/** A string for MariaDB, whatever it holds. */
export function sqlString(value: string): string {
  if (value.includes("\0")) throw new RangeError("a string for SQL cannot hold a NUL character");
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** Names of databases are letters, digits and underscores. */
export const quoteName = (name: string) => `\`${name.replaceAll("`", "``")}\``;
export const createDatabase = (name: string) => `CREATE DATABASE IF NOT EXISTS \`${name}\` CHARACTER SET utf8mb4;`;

/** `gate`: locked as long as the server is: a new one is as locked as those that are there. */
const user = (name: string, password: string | undefined, gate = false) => {
  const who = `${sqlString(name)}@'%'`;
  const by = password === undefined ? "IDENTIFIED VIA mysql_native_password" : `IDENTIFIED BY ${sqlString(password)}`;
  return [
    `CREATE USER IF NOT EXISTS ${who} ${by}${gate ? " ACCOUNT LOCK" : ""};`,
    ...(password === undefined ? [] : [`ALTER USER ${who} ${by};`]),
  ];
};

/**
 * Databases and users as described, on this server alone: its mirror has its own from the same description. Pure; may run again and again.
 */
export function accountsSql(
  server: ServerOf<"mariadb">,
  secretOf: (name: string) => string,
  mirrorPassword: string | undefined,
  checkUsers: readonly string[],
  recorder: string | undefined,
): string {
  const lines = [
    "SET SESSION sql_log_bin=0;",
    ...server.options.databases.map(createDatabase),
    ...checkUsers.flatMap((name) => user(name, undefined, true)),
    ...(mirrorPassword === undefined
      ? []
      : [
          ...user(mirrorUser, mirrorPassword, true),
          `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO '${mirrorUser}'@'%';`,
        ]),
    ...(recorder === undefined
      ? []
      : [
          `CREATE USER IF NOT EXISTS '${recorderUser}'@'127.0.0.1' IDENTIFIED BY ${sqlString(recorder)};`,
          `ALTER USER '${recorderUser}'@'127.0.0.1' IDENTIFIED BY ${sqlString(recorder)};`,
          `GRANT REPLICATION SLAVE ON *.* TO '${recorderUser}'@'127.0.0.1';`,
        ]),
    ...server.options.users.flatMap(({ name, password, grants }) => [
      ...user(name, password === undefined ? undefined : secretOf(password)),
      ...grants.map((grant) => `GRANT ${grant} TO ${sqlString(name)}@'%';`),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

const gates = (checkUsers: readonly string[]) => [...checkUsers, mirrorUser];

/** Run by the server itself before it lets anybody in: one statement a line. */
export const closedSql = (checkUsers: readonly string[]): string =>
  [
    "SET SESSION sql_log_bin=0;",
    "SET GLOBAL read_only=1;",
    ...gates(checkUsers).map((name) => `ALTER USER IF EXISTS ${sqlString(name)}@'%' ACCOUNT LOCK;`),
    "",
  ].join("\n");

/** Into rotation. */
export const openSql = (checkUsers: readonly string[], semiSynchronous: boolean): string =>
  [
    "SET SESSION sql_log_bin=0;",
    `SET GLOBAL rpl_semi_sync_master_enabled=${semiSynchronous ? 1 : 0};`,
    "SET GLOBAL innodb_flush_log_at_trx_commit=1, GLOBAL sync_binlog=1;",
    "SET GLOBAL read_only=0;",
    ...gates(checkUsers).map((name) => `ALTER USER IF EXISTS ${sqlString(name)}@'%' ACCOUNT UNLOCK;`),
    "",
  ].join("\n");
