import { ManagerError } from "../../servers.ts";
import { type CommandOptions, sh } from "../../ssh/index.ts";
import { createDatabase, mirrorUser, quoteName } from "./accounts.ts";
import { confOf, type DatabaseSite, mirrorAddress, mirrorPassword, sql, wholeMark } from "./database.ts";

/**
 * What this server had is forgotten, its log of transactions too: they are those of another past. Until it is opened nothing of it has to
 * outlive a power cut, and so nothing waits for the disk.
 */
const forgetSql = (databases: readonly string[]): string =>
  [
    "STOP SLAVE;",
    "RESET SLAVE ALL;",
    "RESET MASTER;",
    "SET GLOBAL gtid_slave_pos='';",
    "SET GLOBAL innodb_flush_log_at_trx_commit=0, GLOBAL sync_binlog=0;",
    "SET SESSION sql_log_bin=0;",
    ...databases.map((name) => `DROP DATABASE IF EXISTS ${quoteName(name)};`),
    "",
  ].join("\n");

export const forget = (site: DatabaseSite, databases: readonly string[], options: CommandOptions) =>
  sql(site, "forget its past", forgetSql(databases), options);

export const loadSettings = "SET SESSION sql_log_bin=0, SESSION unique_checks=0, SESSION foreign_key_checks=0";

/**
 * All of the mirror's databases, as of one instant, straight from server to server; the mirror goes on working. Afterwards the server
 * stands where the mirror stood at that instant.
 */
export async function copyFromMirror(
  site: DatabaseSite,
  mirror: DatabaseSite,
  databases: readonly string[],
  options: CommandOptions,
): Promise<void> {
  const { host, port } = mirrorAddress(mirror);
  const { shell, paths } = site;
  // The password is in a file that only root reads: arguments are seen by everybody on the machine.
  const from = `${paths.config}/mirror.cnf`;
  const failed = `${paths.run}/copy-failed`;
  const done = await shell.feed(
    "copy from its mirror",
    sh`rm -f ${wholeMark(site)} ${failed}
(umask 077 && cat > ${from}) || exit 1
{ mariadb-dump --defaults-file=${from} --single-transaction --quick --gtid --master-data=1 --routines --triggers --events \
    --skip-lock-tables --add-drop-database --databases ${databases} || echo "mariadb-dump: $?" > ${failed}; } |
  mariadb --defaults-file=${confOf(site)} --init-command=${loadSettings} || exit 1
[ ! -e ${failed} ] || { cat ${failed} >&2; exit 1; }`,
    `[client]\nhost = ${host}\nport = ${port}\nuser = ${mirrorUser}\npassword = "${mirrorPassword(site) ?? ""}"\n`,
    options,
  );
  if (done.code !== 0)
    throw new ManagerError({
      code: "copyFailed",
      message: `${site.server.name}: its mirror's data cannot be copied.`,
      output: done.stderr,
    });
}

/** Described files of SQL into the first of its databases; not in the log of transactions, as its mirror copies what is there. */
export async function seed(
  site: DatabaseSite,
  files: readonly { name: string; file: string }[],
  options: CommandOptions,
): Promise<void> {
  const { databases } = site.server.options;
  await sql(
    site,
    "make its databases",
    `SET SESSION sql_log_bin=0;\n${databases.map(createDatabase).join("\n")}\n`,
    options,
  );
  const database = databases[0];
  for (const { name, file } of files) {
    site.act.progress(null, `${name} is loaded.`);
    const client = sh`exec mariadb --defaults-file=${confOf(site)} --init-command=${loadSettings} ${database === undefined ? [] : [database]}`;
    const done = await site.shell.feed(`load ${name}`, client, { file }, options);
    if (done.code !== 0)
      throw new ManagerError({
        code: "loadFailed",
        message: `${site.server.name}: ${name} cannot be loaded.`,
        output: done.stderr,
      });
  }
}
