import { ManagerError } from "../../servers.ts";
import { type CommandOptions, sh } from "../../ssh/index.ts";
import { createDatabase, mirrorUser } from "./accounts.ts";
import { confOf, type DatabaseSite, mirrorAddress, mirrorPassword, sql, wholeMark } from "./database.ts";

/** What this server had is forgotten, its log of transactions too: they are those of another past. */
const forgetSql = `STOP SLAVE; RESET SLAVE ALL; RESET MASTER; SET GLOBAL gtid_slave_pos='';
`;

/**
 * All of the mirror's databases, as of one instant, straight from server to server; the mirror goes on working. Afterwards the server
 * stands where the mirror stood at that instant.
 */
export async function copyFromMirror(site: DatabaseSite, mirror: DatabaseSite, options: CommandOptions): Promise<void> {
  const { host, port } = mirrorAddress(mirror);
  const { shell, paths } = site;
  // The password is in a file that only root reads: arguments are seen by everybody on the machine.
  const from = `${paths.config}/mirror.cnf`;
  await shell.put(
    from,
    `[client]\nhost = ${host}\nport = ${port}\nuser = ${mirrorUser}\npassword = "${mirrorPassword(site) ?? ""}"\n`,
    {
      ...options,
      mode: "600",
    },
  );
  await sql(site, "forget its past", forgetSql, options);
  const done = await shell.run(
    "copy from its mirror",
    sh`rm -f ${wholeMark(site)}
${loadPrologue(site)}
names=$(mariadb --defaults-file=${from} -N -B -e ${ownDatabases}) || exit 1
[ -n "$names" ] || exit 0
failed=${`${paths.run}/copy-failed`}
rm -f "$failed"
{ mariadb-dump --defaults-file=${from} --single-transaction --quick --gtid --master-data=1 --routines --triggers --events \
    --skip-lock-tables --add-drop-database --databases $names || echo "mariadb-dump: $?" > "$failed"; } |
  mariadb --defaults-file=${confOf(site)} --init-command=${"SET SESSION sql_log_bin=0, SESSION unique_checks=0, SESSION foreign_key_checks=0"} || exit 1
[ ! -e "$failed" ] || { cat "$failed" >&2; exit 1; }`,
    options,
  );
  if (done.code !== 0)
    throw new ManagerError({
      code: "copyFailed",
      message: `${site.server.name}: its mirror's data cannot be copied.`,
      output: done.stderr,
    });
}

const ownDatabases =
  "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql','sys','information_schema','performance_schema')";

/** Databases that the mirror does not have any more must not stay. */
const loadPrologue = (
  site: DatabaseSite,
) => sh`old=$(mariadb --defaults-file=${confOf(site)} -N -B -e ${ownDatabases}) || exit 1
for name in $old; do
  mariadb --defaults-file=${confOf(site)} -e "SET SESSION sql_log_bin=0; DROP DATABASE \`$name\`" || exit 1
done`;

/** Described files of SQL into the first of its databases; not in the log of transactions, as its mirror copies what is there. */
export async function seed(
  site: DatabaseSite,
  files: readonly { name: string; file: string }[],
  options: CommandOptions,
): Promise<void> {
  await sql(site, "forget its past", forgetSql, options);
  // A loading that was interrupted begins again.
  await site.shell.must("drop what was begun", loadPrologue(site), options);
  const { databases } = site.server.options;
  await sql(
    site,
    "make its databases",
    `SET SESSION sql_log_bin=0;\n${databases.map(createDatabase).join("\n")}\n`,
    options,
  );
  const database = databases[0];
  for (const { name, file } of files) {
    site.act.progress(null, `${site.server.name}: ${name} is loaded.`);
    const client = sh`exec mariadb --defaults-file=${confOf(site)} --init-command=${"SET SESSION sql_log_bin=0"} ${database === undefined ? [] : [database]}`;
    const done = await site.shell.feed(`load ${name}`, client, { file }, options);
    if (done.code !== 0)
      throw new ManagerError({
        code: "loadFailed",
        message: `${site.server.name}: ${name} cannot be loaded.`,
        output: done.stderr,
      });
  }
}
