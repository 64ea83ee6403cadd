import path from "node:path";
import { isRecorded } from "../../description/index.ts";
import { ManagerError } from "../../servers.ts";
import { type CommandOptions, isSshError, sh } from "../../ssh/index.ts";
import { keptState } from "../kept-state.ts";
import { limits } from "../site.ts";
import { accountsSql, openSql, recorderPassword } from "./accounts.ts";
import { isSemiSynchronous, serverIdOf } from "./config.ts";
import { copyFromMirror, forget, seed } from "./copy.ts";
import {
  checkUsersOf,
  confOf,
  type DatabaseSite,
  mirrorOf,
  mirrorPassword,
  readState,
  type SeenState,
  sql,
  wholeMark,
} from "./database.ts";
import { catchUp, followMirror, keepFollowing, settle } from "./follow.ts";
import { type Plan, planSync } from "./plan.ts";
import { restoreSave } from "./saves.ts";

/** From "up, and locked to all others" to "up to date, and in rotation". */
export async function synchronise(site: DatabaseSite): Promise<void> {
  const { server, act } = site;
  const within = limits(site, server.withinSeconds.synchronise * 1000);
  const deadline = performance.now() + server.withinSeconds.synchronise * 1000;
  const mirror = mirrorOf(site);
  const { description, ssh, secretOf } = site.context;
  const recorder = isRecorded(server, description) ? recorderPassword(server.name, ssh.privateKey) : undefined;
  const accounts = accountsSql(server, secretOf, mirrorPassword(site), checkUsersOf(site), recorder);
  for (;;) {
    const seen = await lookAt(site, mirror, accounts, within);
    const { plan } = seen;
    if (plan.kind !== "wait" && plan.kind !== "refuse") {
      await carryOut(site, mirror, seen, within);
      break;
    }
    act.progress(null, plan.words);
    if (plan.kind === "refuse" || performance.now() > deadline)
      throw new ManagerError({ code: "cannotSynchronise", message: `${server.name}: ${plan.words}` });
    await new Promise((resolve) => setTimeout(resolve, 500));
    act.signal.throwIfAborted();
  }
  await open(site, within);
  if (mirror !== null) await joinMirror(site, mirror, within);
}

interface Looked {
  readonly plan: Plan;
  readonly self: SeenState;
  /** null: it has none, or it is silent. */
  readonly mirror: SeenState | null;
}

async function lookAt(
  site: DatabaseSite,
  mirror: DatabaseSite | null,
  accounts: string,
  within: CommandOptions,
): Promise<Looked> {
  const { context, server } = site;
  const [self, its] = await Promise.all([
    readState(site, within, accounts),
    mirror === null ? null : lookAtMirror(mirror, within),
  ]);
  const databases = context.description.servers.filter((one) => one.kind === "mariadb");
  const rank = (of: DatabaseSite) => databases.findIndex((one) => one.name === of.server.name);
  const plan = planSync({
    id: serverIdOf(server, context.description),
    self,
    mirror: its === null || its === "silent" ? its : its.state,
    differs: its !== null && its !== "silent" && its.differs,
    mirrorWasWhole: mirror !== null && context.notes.recall(wholeNote(mirror.server.name)) === true,
    first: mirror === null || rank(site) < rank(mirror),
    seeded: context.notes.recall(seededNote(site)) === true,
    saved: (await keptState(context, server.name).newest()) !== undefined,
  });
  return { plan, self, mirror: its === null || its === "silent" ? null : its.state };
}

async function lookAtMirror(
  mirror: DatabaseSite,
  within: CommandOptions,
): Promise<"silent" | { readonly state: SeenState; readonly differs: boolean }> {
  const look = { ...within, timeoutMs: Math.min(within.timeoutMs, 10_000) };
  const state = await readState(mirror, look).catch((error) => {
    if (isSshError(error) || error instanceof ManagerError) return "silent" as const;
    throw error;
  });
  if (state === "silent" || !state.whole) return state === "silent" ? state : { state, differs: false };
  // What it has received and not applied is not in its data yet, and never comes again.
  const settled = await settle(mirror, state, 30, within);
  return { state: settled === "settled" ? state : await readState(mirror, look), differs: settled === "differs" };
}

export const wholeNote = (server: string) => `mariadb/${server}/whole`;
/** One for both of a pair. */
const seededNote = (site: DatabaseSite) =>
  `mariadb/${[site.server.name, ...site.server.options.replicates].sort().join("+")}/seeded`;

async function carryOut(
  site: DatabaseSite,
  mirror: DatabaseSite | null,
  { plan, self, mirror: its }: Looked,
  within: CommandOptions,
): Promise<void> {
  const { server, act, context } = site;
  const seconds = server.withinSeconds.synchronise;
  const say = (words: string) => act.progress(null, words);
  if (plan.kind === "seed") {
    say("its first data are loaded.");
    const files = server.options.load.map((name) => ({ name, file: path.resolve(context.directory, name) }));
    // A loading that was interrupted begins again.
    await forget(site, self.databases, within);
    await seed(site, files, within);
    await context.notes.remember(seededNote(site), true);
  }
  if (plan.kind === "restore") {
    say("its last save is restored, and what was recorded since.");
    await restoreSave(site, within);
  }
  if (mirror === null || its === null) return;
  if (plan.kind === "follow") {
    say("what is new is read from its mirror.");
    await followMirror(site, mirror, within);
    if (await catchUp(site, its.logged, seconds, within)) return;
    say("its mirror has thrown away what it would need.");
  }
  if (plan.kind === "follow" || plan.kind === "copy") {
    say("all data are copied from its mirror.");
    await forget(site, self.databases, within);
    if (its.databases.length > 0) await copyFromMirror(site, mirror, its.databases, within);
    say("what came meanwhile is read.");
    const [now] = await Promise.all([positionOf(mirror, within), followMirror(site, mirror, within)]);
    if (!(await catchUp(site, now, seconds, within)))
      throw new ManagerError({
        code: "notCaughtUp",
        message: `${server.name} did not catch up with its mirror in time.`,
      });
  }
}

const positionOf = async (mirror: DatabaseSite, within: CommandOptions) =>
  (await sql(mirror, "read its position", "SELECT @@global.gtid_binlog_pos;\n", within)).trim();

/** On the disk first, then in rotation. */
async function open(site: DatabaseSite, within: CommandOptions): Promise<void> {
  const opening = openSql(checkUsersOf(site), isSemiSynchronous(site.server, site.context.description));
  const mark = sh`touch ${wholeMark(site)} && sync && exec mariadb --defaults-file=${confOf(site)} -N -B`;
  const done = await site.shell.feed("put it into rotation", mark, opening, within);
  if (done.code !== 0)
    throw new ManagerError({
      code: "sqlFailed",
      message: `${site.server.name} cannot be put into rotation.`,
      output: done.stderr.trim(),
    });
  await site.context.notes.remember(wholeNote(site.server.name), true);
  site.act.progress(null, `in rotation.`);
}

/** Each follows the other; then a write is acknowledged by both again. A mirror that is down does so at its own start. */
async function joinMirror(site: DatabaseSite, mirror: DatabaseSite, within: CommandOptions): Promise<void> {
  const look = { ...within, timeoutMs: Math.min(within.timeoutMs, 10_000) };
  try {
    if (!(await readState(mirror, look)).open) return;
    await keepFollowing(mirror, site, look);
  } catch (error) {
    if (!isSshError(error) && !(error instanceof ManagerError)) throw error;
    site.context.log(`${mirror.server.name} does not follow ${site.server.name} yet: ${error.message}`);
  }
  if (site.context.notes.recall(wholeNote(mirror.server.name)) === true) await keepFollowing(site, mirror, look);
}
