import type { ServerOf } from "../description/index.ts";
import { ManagerError } from "../servers.ts";
import { type Script, sh } from "../ssh/index.ts";
import { markWhole, wholeMark } from "./data.ts";
import { keptState } from "./kept-state.ts";
import { limits, lookLimit, type Site, startLimit, type Wrapper } from "./site.ts";
import { fillIn } from "./template.ts";

type Command = ServerOf<"command">;

/** A mark of an earlier boot says nothing: what was started then runs no more. */
const started = (run: string) => `${run}/started`;
const thisBoot = sh`cat /proc/sys/kernel/random/boot_id`;

/** Anything else: its owner's commands, run by /bin/sh on the VM with its environment. */
export const command: Wrapper<Command> = {
  programs: [],
  prepare: (site) => runIf(site, "deploy", site.server.withinSeconds.deploy),
  configure: (site) => runIf(site, "configure", site.server.withinSeconds.start),
  async start(site) {
    await runIf(site, "start", site.server.withinSeconds.start);
    const { run } = site.paths;
    await site.shell.must(
      "say that it was started",
      sh`mkdir -p ${run} && ${thisBoot} > ${started(run)}`,
      lookLimit(site),
    );
  },
  async stop(site) {
    await runIf(site, "stop", site.server.withinSeconds.start);
    await site.shell.must("say that it was stopped", sh`rm -f ${started(site.paths.run)}`, lookLimit(site));
  },
  synchronise: (site) => runIf(site, "synchronise", site.server.withinSeconds.synchronise),
  async health(site) {
    if (site.server.options.health === undefined) {
      const mark = started(site.paths.run);
      const look = await site.shell.run("started?", sh`[ "$(cat ${mark})" = "$(${thisBoot})" ]`, lookLimit(site));
      return look.code === 0
        ? { ok: true, words: "It was started, and has no command that would tell more." }
        : { ok: false, words: "It was not started since its VM was." };
    }
    const done = await site.shell.run("health", scriptOf(site, site.server.options.health), lookLimit(site));
    const said = `${done.stdout}${done.stderr}`.trim().slice(-300);
    if (done.code === 0) return { ok: true, words: said || "Its command says that it works." };
    return { ok: false, words: said || `Its command ended with ${done.code}.` };
  },
  async save(site) {
    const { save } = site.server.options;
    if (save === undefined) return;
    const within = limits(site, site.server.withinSeconds.synchronise * 1000);
    const script = sh`[ -e ${wholeMark(site.paths)} ] || { echo "its data are not back yet" >&2; exit 1; }
${scriptOf(site, save)}`;
    await keptState(site.context, site.server.name).write((to) => site.shell.collect("save", script, to, within));
  },
  async restore(site) {
    const { restore } = site.server.options;
    const saved = await keptState(site.context, site.server.name).newest();
    if (restore === undefined || saved === undefined)
      throw new ManagerError({
        code: "noSave",
        message: `${site.server.name} was never saved.`,
        cure: "Give it the commands `save` and `restore`: then it is saved every saveEverySeconds.",
      });
    const within = limits(site, site.server.withinSeconds.synchronise * 1000);
    // Cut off in the middle it is done again.
    const script = sh`rm -f ${wholeMark(site.paths)}
${scriptOf(site, restore, sh``)}`;
    const done = await site.shell.feed("restore", script, { file: saved.file }, within);
    if (done.code !== 0)
      throw new ManagerError({
        code: "commandFailed",
        message: `${site.server.name}: restore failed.`,
        output: done.stderr,
      });
    await markWhole(site);
  },
};

async function runIf(
  site: Site<Command>,
  part: "deploy" | "configure" | "start" | "stop" | "synchronise",
  seconds: number,
) {
  const text = site.server.options[part];
  if (text === undefined) return;
  const within = part === "start" ? startLimit(site) : limits(site, seconds * 1000);
  await site.shell.must(`${part} ${site.server.name}`, scriptOf(site, text), within);
}

/** The owner's text is a script already; their values come in by the environment, quoted. */
function scriptOf({ server, context }: Site<Command>, text: string, input = sh`< /dev/null`): Script {
  const set = Object.entries(server.options.environment).map(
    ([name, value]) => sh`export ${`${name}=${fillIn(value, server.name, context)}`}`,
  );
  return sh`${set}
exec sh -c ${text} ${input}`;
}
