import { portOf } from "../description/index.ts";
import { type Health, ManagerError } from "../servers.ts";
import { Script, sh } from "../ssh/index.ts";
import { lookLimit, type Site, startLimit } from "./site.ts";
import { tarOf } from "./tar.ts";

/** What daemons have in common: a pid file, configuration that is put in place whole, and a log that says why they do not start. */

/** 0 where the process of the pid file lives and is the program that is meant (a pid may be another's after a reboot). */
export const lives = (pidFile: string, program: string): Script =>
  sh`{ pid= && { read -r pid < ${pidFile} || [ -n "$pid" ]; } && kill -0 "$pid" && case $(cat "/proc/$pid/comm") in ${program}*) true;; *) false;; esac; } 2> /dev/null`;

/** Whether something listens there, by the kernel's table: state 0A is LISTEN, the local port is in hex. Nobody is connected to. */
export const listens = (port: number): Script =>
  sh`grep -q -E ${`:${port.toString(16).toUpperCase().padStart(4, "0")} 0+:0000 0A`} /proc/net/tcp /proc/net/tcp6 2> /dev/null`;

export async function upAndListening(site: Site, program: string): Promise<Health> {
  if (!(await isUp(site, program))) return { ok: false, words: "Its process does not run." };
  const done = await site.shell.run(`${site.server.name} listens?`, listens(portOf(site.server)), lookLimit(site));
  return done.code === 0 ? { ok: true, words: "It runs and listens." } : { ok: false, words: "It does not listen." };
}

export const isUp = async (site: Site, program: string): Promise<boolean> =>
  (await site.shell.run(`${site.server.name} up?`, lives(site.paths.pid, program), lookLimit(site))).code === 0;

/**
 * New configuration beside the old one, tried by `check` with `$new` as its directory, put in place where it is another one, and taken up
 * by `reload` where the server runs.
 */
export async function putConfig(
  site: Site,
  files: Readonly<Record<string, { readonly text: string; readonly mode?: string }>>,
  { check, reload, program }: { readonly check?: Script; readonly reload?: Script; readonly program: string },
): Promise<void> {
  const { shell, server, paths } = site;
  const draft = `${paths.config}.new`;
  const entries = Object.entries(files).map(([name, { text, mode }]) => ({
    path: `${draft}/${name}`,
    data: Buffer.from(text),
    mode: mode ?? "644",
  }));
  const done = await shell.feed(
    `configure ${server.name}`,
    sh`set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p ${paths.config} ${paths.state} ${paths.log} ${paths.run}
rm -rf ${draft}
tar -xf - -C / --no-same-owner
if diff -r ${draft} ${paths.config} > /dev/null 2>&1; then rm -rf ${draft}; exit 0; fi
new=${draft}
${check ?? Script.empty}
rm -rf ${`${paths.config}.old`}
mv ${paths.config} ${`${paths.config}.old`}
mv ${draft} ${paths.config}
if ${lives(paths.pid, program)}; then
  :
  ${reload ?? Script.empty}
fi`,
    tarOf(entries),
    startLimit(site),
  );
  if (done.code === 0) return;
  throw new ManagerError({
    code: "badConfiguration",
    message: `${server.name}: its configuration cannot be put in place.`,
    output: done.stderr.trim() || done.stdout.trim(),
  });
}

/** Starts what is not up, then waits until `ready` (a script that ends with 0). `start` must leave nothing open on its channel. */
export async function startDaemon(
  site: Site,
  {
    program,
    start,
    ready,
    logFile,
    workers,
  }: { program: string; start: Script; ready: Script; logFile: string; workers?: Script },
): Promise<void> {
  const { shell, server, paths } = site;
  const seconds = Math.ceil(server.withinSeconds.start);
  const done = await shell.run(
    `start ${server.name}`,
    sh`export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p ${paths.run} ${paths.log} ${paths.state}
if ! ${lives(paths.pid, program)}; then
  rm -f ${paths.pid}
  ${endWorkers(workers)}
  ${start}
fi
turns=0
until ${ready}; do
  turns=$((turns + 1))
  [ $turns -le ${seconds * 5} ] || { echo "not ready in time"; tail -n 20 ${logFile}; exit 1; }
  if [ $turns -gt 10 ] && ! ${lives(paths.pid, program)}; then echo "it has ended"; tail -n 20 ${logFile}; exit 1; fi
  sleep 0.2
done`,
    startLimit(site),
  );
  if (done.code === 0) return;
  throw new ManagerError({
    code: "notStarted",
    message: `${server.name} does not start.`,
    output: `${done.stdout}${done.stderr}`.trim(),
  });
}

/**
 * Workers outlive a master that was killed, and hold its port. `workers` is a pattern of `case` for their command lines as the shell reads
 * them: without the zeroes between arguments.
 */
const endWorkers = (workers: Script | undefined): Script =>
  workers === undefined
    ? Script.empty
    : sh`cd /proc
for process in [0-9]*; do
  { line= && read -r line < "$process/cmdline" || [ -n "$line" ]; } 2> /dev/null || continue
  case $line in ${workers}) kill -9 "$process" 2> /dev/null ;; esac
done
cd /`;

/** TERM, then KILL. Nothing to stop is a success. */
export async function stopDaemon(site: Site, program: string, patienceSeconds = 10, workers?: Script): Promise<void> {
  const { shell, server, paths } = site;
  await shell.must(
    `stop ${server.name}`,
    sh`if ${lives(paths.pid, program)}; then
  kill "$pid"
  turns=0
  while kill -0 "$pid" 2> /dev/null && [ $turns -lt ${patienceSeconds * 5} ]; do sleep 0.2; turns=$((turns + 1)); done
  kill -9 "$pid" 2> /dev/null
  while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
fi
${endWorkers(workers)}
rm -f ${paths.pid}`,
    startLimit(site),
  );
}
