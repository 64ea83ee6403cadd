import { Readable } from "node:stream";
import { ManagerError } from "../../servers.ts";
import { type CommandOptions, sh } from "../../ssh/index.ts";
import { confOf, type DatabaseSite, sql } from "./database.ts";
import { eventTypes, gtidOf, readEvent } from "./events.ts";
import { type Position, parsePosition } from "./gtid.ts";
import { binlogMagic, eventsIn, recordingFiles } from "./recordings.ts";

/** Everything that was recorded after the position where the server stands, each transaction once, with its own number. */
export async function replayRecorded(site: DatabaseSite, options: CommandOptions): Promise<void> {
  const stands = parsePosition(await sql(site, "read its position", "SELECT @@global.gtid_slave_pos;\n", options));
  const files = await recordingFiles(site.context, site.server.name);
  if (files.length === 0) return;
  let transactions = 0;
  const source = Readable.from(
    after(files, stands, () => transactions++),
    { objectMode: false },
  );
  const failed = `${site.paths.run}/replay-failed`;
  const copy = `${site.paths.state}/replay.binlog`;
  // The program wants a file that it can go back in.
  const script = sh`rm -f ${failed}
cat > ${copy} || exit 1
{ mariadb-binlog ${copy} || touch ${failed}; } | mariadb --defaults-file=${confOf(site)} --binary-mode || exit 1
rm -f ${copy}
[ ! -e ${failed} ]`;
  const done = await site.shell.feed("replay", script, source, options);
  if (done.code !== 0)
    throw new ManagerError({
      code: "replayFailed",
      message: `${site.server.name}: what was recorded cannot be replayed.`,
      output: done.stderr.trim(),
    });
  site.act.progress(null, `${transactions} transactions that came after its save are replayed.`);
}

/** One log out of many files: one description of the format, then whole transactions that are not in `stands`. */
export async function* after(
  files: readonly string[],
  stands: Position,
  onTransaction: () => void,
): AsyncGenerator<Buffer> {
  yield binlogMagic;
  const reached = new Map(stands);
  let described = false;
  for (const file of files) {
    // Held back until the next begins: a transaction whose end is missing was not acknowledged.
    let wanted = false;
    for await (const bytes of eventsIn(file)) {
      const event = readEvent(bytes);
      if (event.type === eventTypes.formatDescription) {
        if (!described) yield Buffer.from(bytes);
        described = true;
        continue;
      }
      const gtid = gtidOf(event);
      if (gtid !== undefined) {
        wanted = gtid.number > (reached.get(gtid.domain) ?? 0);
        if (wanted) {
          reached.set(gtid.domain, gtid.number);
          onTransaction();
        }
      }
      if (wanted && described) yield Buffer.from(bytes);
    }
  }
}
