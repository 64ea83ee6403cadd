import { type Elsewhere, ManagerError } from "../../servers.ts";
import { type CommandOptions, isSshError, sh } from "../../ssh/index.ts";
import { keptState } from "../kept-state.ts";
import { limits } from "../site.ts";
import { forget, loadSettings } from "./copy.ts";
import { confOf, type DatabaseSite, mirrorOf, readState, wholeMark } from "./database.ts";
import { replayRecorded } from "./replay.ts";

/**
 * All of its databases as of one instant, with the position in its log of transactions, compressed, on the manager's side. Of a server that
 * is not in rotation no save is made: it may be half restored, and what was recorded before would be thrown away for it.
 */
export async function save(site: DatabaseSite, within: CommandOptions): Promise<void> {
  const failed = `${site.paths.run}/save-failed`;
  const script = sh`names=$(mariadb --defaults-file=${confOf(site)} -N -B -e ${"SELECT schema_name FROM information_schema.schemata WHERE @@global.read_only=0 AND schema_name NOT IN ('mysql','sys','information_schema','performance_schema')"}) || exit 1
[ -n "$names" ] || { echo "there is no database, or it is not in rotation" >&2; exit 1; }
rm -f ${failed}
{ mariadb-dump --defaults-file=${confOf(site)} --single-transaction --quick --gtid --master-data=1 --routines --triggers --events \
  --skip-lock-tables --add-drop-database --databases $names || touch ${failed}; } | gzip -1
[ ! -e ${failed} ]`;
  await keptState(site.context, site.server.name).write((to) => site.shell.collect("save", script, to, within));
}

/** The last save, and what was recorded after it. The server must be up, and is not opened by this. */
export async function restoreSave(site: DatabaseSite, within: CommandOptions): Promise<void> {
  const saved = await keptState(site.context, site.server.name).newest();
  if (saved === undefined) throw new ManagerError({ code: "noSave", message: `${site.server.name} was never saved.` });
  const state = await readState(site, within);
  await forget(site, state.databases, within);
  const load = sh`rm -f ${wholeMark(site)}
gunzip -c | mariadb --defaults-file=${confOf(site)} --init-command=${loadSettings}`;
  const done = await site.shell.feed("restore", load, { file: saved.file }, within);
  if (done.code !== 0)
    throw new ManagerError({
      code: "commandFailed",
      message: `${site.server.name}: its save cannot be restored.`,
      output: done.stderr,
    });
  await replayRecorded(site, within);
  await site.shell.must("mark it whole", sh`touch ${wholeMark(site)} && sync`, within);
}

const askMirrorMs = 5_000;

/** A mirror that is in rotation has all of it; a save has what was there then, and what was recorded since. */
export async function databaseElsewhere(site: DatabaseSite, leaving: readonly string[]): Promise<Elsewhere> {
  const { server, context } = site;
  const mirror = mirrorOf(site);
  if (mirror !== null && !leaving.includes(mirror.server.vm)) {
    const seen = await readState(mirror, limits(site, askMirrorMs)).catch((error: unknown) => {
      if (isSshError(error) || error instanceof ManagerError) return undefined;
      throw error;
    });
    if (seen?.open) return { by: "mirror", words: `${server.name} is copied from ${mirror.server.name}.` };
  }
  const saved = await keptState(context, server.name).newest();
  if (saved !== undefined) return { by: "save", words: `${server.name} comes back as of its save of ${saved.at}.` };
  const none = mirror === null ? "it has no mirror" : `its mirror ${mirror.server.name} is not in rotation`;
  return { by: "nobody", words: `${server.name} has its data on that disk alone: ${none}, and no save.` };
}
