import { hasData, isSavedByCommand, type ServerSpec } from "../description/index.ts";
import { type Elsewhere, ManagerError } from "../servers.ts";
import { sh } from "../ssh/index.ts";
import { keptState, type Save } from "./kept-state.ts";
import { limits, lookLimit, type ServerPaths, type Site, type Wrapper } from "./site.ts";

/**
 * Data of servers that are no databases. A mark beside them, on the disk of the VM, says that they are whole: it goes back with them, and is
 * lost with them. While it is not there nothing is saved, for the empty state would push the good saves out.
 */
export const wholeMark = (paths: ServerPaths) => `${paths.state}/whole`;

interface DataState {
  /** The mark is there. */
  readonly whole: boolean;
  /** It was there once: a server without data is a loss from then on, and not a beginning. */
  readonly begun: boolean;
  readonly saved: boolean;
  /** Its owner's command brings them up to date from wherever they are. */
  readonly synchronises: boolean;
}

/** How a server that was just started comes to its data. Pure. */
export function planData({ whole, begun, saved, synchronises }: DataState): "keep" | "restore" | "begin" | "lost" {
  if (whole) return "keep";
  if (saved) return "restore";
  return begun && !synchronises ? "lost" : "begin";
}

const markWithinMs = 30_000;
const begunNote = (server: ServerSpec) => `data/${server.name}/begun`;
const synchronises = (server: ServerSpec) => server.kind === "command" && server.options.synchronise !== undefined;
const lastSave = async ({ context, server }: Site): Promise<Save | undefined> =>
  isSavedByCommand(server) ? await keptState(context, server.name).newest() : undefined;

/** After the start: what a new disk lacks is put there, then the owner's own command brings it up to date. */
export async function synchronised<S extends ServerSpec>(site: Site<S>, wrapper: Wrapper<S>): Promise<void> {
  if (wrapper.elsewhere === undefined) await bringDataBack(site, wrapper);
  await wrapper.synchronise?.(site);
}

async function bringDataBack<S extends ServerSpec>(site: Site<S>, wrapper: Wrapper<S>): Promise<void> {
  const { server, context, shell, act, paths } = site;
  if (!hasData(server)) return;
  const mark = wholeMark(paths);
  const save = await lastSave(site);
  const look = await shell.run(`has ${server.name} its data?`, sh`[ -e ${mark} ]`, lookLimit(site));
  const state = { whole: look.code === 0, begun: context.notes.recall(begunNote(server)) === true };
  const plan = planData({ ...state, saved: save !== undefined, synchronises: synchronises(server) });
  if (plan === "lost")
    throw new ManagerError({
      code: "dataLost",
      message: `${server.name}: its data are lost: it runs on a new disk, and was never saved.`,
      cure: `Put them there by hand, then say so on its VM: touch ${mark}`,
    });
  if (plan === "restore" && save !== undefined) {
    const words = `${server.name}: its save of ${save.at} is restored; what was changed after it is not in it.`;
    context.log(words);
    act.progress(null, words);
    await wrapper.restore?.(site);
  }
  if (plan === "begin") await markWhole(site);
  if (!state.begun) await context.notes.remember(begunNote(server), true);
}

export const markWhole = (site: Site) =>
  site.shell.must(
    `mark the data of ${site.server.name}`,
    sh`mkdir -p ${site.paths.state} && touch ${wholeMark(site.paths)} && sync`,
    limits(site, markWithinMs),
  );

export async function dataElsewhere(site: Site): Promise<Elsewhere> {
  const { server } = site;
  const save = await lastSave(site);
  if (save !== undefined) return { by: "save", words: `${server.name} comes back as of its save of ${save.at}.` };
  if (synchronises(server))
    return { by: "owner", words: `${server.name} gets its data by its owner's command synchronise.` };
  return { by: "nobody", words: `${server.name} has its data on that disk alone: it was never saved.` };
}
