import { ManagerError } from "../../servers.ts";
import { sh } from "../../ssh/index.ts";
import { isUp, putConfig, startDaemon, stopDaemon } from "../daemon.ts";
import { limits, lookLimit, type ServerPaths, type Wrapper } from "../site.ts";
import { closedSql } from "./accounts.ts";
import { mariadbConfig, socketOf } from "./config.ts";
import { checkUsersOf, confOf, type Mariadb, mirrorOf, readFollowing, readState } from "./database.ts";
import { keepFollowing } from "./follow.ts";
import { databaseElsewhere, restoreSave, save } from "./saves.ts";
import { synchronise, wholeNote } from "./synchronise.ts";

const program = "mariadbd";
const logOf = (paths: ServerPaths) => `${paths.log}/mariadb.log`;

/** MariaDB, alone or as one of a pair that follow each other. It starts locked to all others, and is opened when it is up to date. */
export const mariadb: Wrapper<Mariadb> = {
  programs: [[program], ["mariadb"], ["mariadb-dump"]],
  async prepare(site) {
    const { dataDirectory } = site.server.options;
    const { paths } = site;
    await site.shell.must(
      "prepare its directory",
      sh`export PATH=/usr/sbin:/usr/bin:/sbin:/bin
set -e
getent passwd mysql > /dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin mysql
mkdir -p ${dataDirectory} ${paths.run}
if [ ! -d ${`${dataDirectory}/mysql`} ]; then
  mariadb-install-db --force --skip-test-db --user=mysql --datadir=${dataDirectory} --auth-root-authentication-method=socket > ${`${paths.log}/install.log`} 2>&1
fi
chown -R mysql:mysql ${dataDirectory} ${paths.log} ${paths.run}`,
      limits(site, site.server.withinSeconds.deploy * 1000),
    );
  },
  async configure(site) {
    const config = mariadbConfig(site.server, site.context.description, site.paths);
    await putConfig(
      site,
      { "my.cnf": { text: config }, "closed.sql": { text: closedSql(checkUsersOf(site)) } },
      { program },
    );
    const mirror = mirrorOf(site);
    if (mirror === null || !(await isUp(site, program))) return;
    // Its mirror may have another address now.
    const state = await readState(site, lookLimit(site));
    if (state.open) await keepFollowing(site, mirror, lookLimit(site));
  },
  async start(site) {
    const { paths } = site;
    const log = logOf(paths);
    if (!(await isUp(site, program))) await site.context.notes.remember(wholeNote(site.server.name), false);
    await startDaemon(site, {
      program,
      start: sh`chown mysql:mysql ${paths.run} ${paths.log}
[ ! -s ${log} ] || mv -f ${log} ${`${log}.1`}
setsid mariadbd --defaults-file=${confOf(site)} < /dev/null > ${log} 2>&1 &
echo $! > ${paths.pid}`,
      // Its own words: a client would cost as much as it waits for.
      ready: sh`{ [ -S ${socketOf(paths)} ] && grep -q ${"ready for connections"} ${log}; }`,
      logFile: log,
    });
  },
  stop: (site) => stopDaemon(site, program, Math.max(10, site.server.withinSeconds.start - 5)),
  async health(site) {
    if (!(await isUp(site, program))) return { ok: false, words: "Its process does not run." };
    try {
      const state = await readState(site, lookLimit(site));
      // It does what it can before it is synchronised; that it gets no work yet is what the sensor of kind sql says.
      if (!state.open)
        return { ok: true, words: "It answers, and is not in rotation: its data are not up to date yet." };
      if (mirrorOf(site) === null) return { ok: true, words: "It answers." };
      const following = await readFollowing(site, lookLimit(site));
      if (following?.applying === true)
        return {
          ok: true,
          words: following.reading ? "It answers, and follows its mirror." : "It answers; its mirror does not.",
        };
      return { ok: false, words: `It answers, and does not follow its mirror. ${following?.words ?? ""}`.trim() };
    } catch (error) {
      if (error instanceof ManagerError || error instanceof Error)
        return { ok: false, words: `It does not answer: ${error.message}` };
      throw error;
    }
  },
  save: (site) => save(site, limits(site, site.server.withinSeconds.synchronise * 1000)),
  restore: (site) => restoreSave(site, limits(site, site.server.withinSeconds.synchronise * 1000)),
  synchronise,
  elsewhere: databaseElsewhere,
};
