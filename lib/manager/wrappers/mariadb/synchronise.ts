import path from "node:path";
import { ManagerError } from "../../servers.ts";
import { type CommandOptions, isSshError, sh } from "../../ssh/index.ts";
import { keptState } from "../kept-state.ts";
import { limits } from "../site.ts";
import { accountsSql, openSql } from "./accounts.ts";
import { isSemiSynchronous, serverIdOf } from "./config.ts";
import { copyFromMirror, seed } from "./copy.ts";
import { checkUsersOf, type DatabaseSite, mirrorOf, mirrorPassword, readState, sql, wholeMark } from "./database.ts";
import { catchUp, followMirror, keepFollowing, settle } from "./follow.ts";
import { type DatabaseState, type Plan, planSync } from "./plan.ts";
import { restoreSave } from "./saves.ts";

/** From "up, and locked to all others" to "up to date, and in rotation". */
export async function synchronise(site: DatabaseSite): Promise<void> {
  const { server, act } = site;
  const within = limits(site, server.withinSeconds.synchronise * 1000);
  const deadline = performance.now() + server.withinSeconds.synchronise * 1000;
  const mirror = mirrorOf(site);
  await sql(site, "make its users", accountsOf(site), within);
  for (;;) {
    const plan = await planNow(site, mirror, within);
    if (plan.kind === "refuse")
      throw new ManagerError({ code: "cannotSynchronise", message: `${server.name}: ${plan.words}` });
    if (plan.kind !== "wait") {
      await carryOut(site, mirror, plan, within);
      break;
    }
    act.progress(null, `${server.name}: ${plan.words}`);
    if (performance.now() > deadline)
      throw new ManagerError({ code: "cannotSynchronise", message: `${server.name}: ${plan.words}` });
    await new Promise((resolve) => setTimeout(resolve, 500));
    act.signal.throwIfAborted();
  }
  await open(site, within);
  if (mirror !== null) await joinMirror(site, mirror, within);
}

const accountsOf = (site: DatabaseSite) =>
  accountsSql(site.server, site.context.secretOf, mirrorPassword(site), checkUsersOf(site)) +
  // New users are as locked as the server is.
  lockNew(site);

const lockNew = (site: DatabaseSite) =>
  checkUsersOf(site)
    .map((name) => `ALTER USER '${name}'@'%' ACCOUNT LOCK;\n`)
    .join("");

async function planNow(site: DatabaseSite, mirror: DatabaseSite | null, within: CommandOptions): Promise<Plan> {
  const { context, server } = site;
  const look = { ...within, timeoutMs: Math.min(within.timeoutMs, 5000) };
  const self = await readState(site, look);
  const databases = context.description.servers.filter((one) => one.kind === "mariadb");
  let differs = false;
  let its: DatabaseState | "silent" | null = null;
  if (mirror !== null) {
    its = await readState(mirror, look).catch((error) => {
      if (isSshError(error) || error instanceof ManagerError) return "silent" as const;
      throw error;
    });
    // What it has received and not applied is not in its data yet, and never comes again.
    if (its !== "silent" && its.whole) {
      differs = await settle(mirror, 30, within);
      its = await readState(mirror, look);
    }
  }
  return planSync({
    id: serverIdOf(server, context.description),
    self,
    mirror: its,
    differs,
    mirrorWasWhole: mirror !== null && context.notes.recall(wholeNote(mirror.server.name)) === true,
    first:
      mirror === null ||
      databases.findIndex((one) => one.name === server.name) <
        databases.findIndex((one) => one.name === mirror.server.name),
    seeded: context.notes.recall(seededNote(site)) === true,
    saved: (await keptState(context, server.name).newest()) !== undefined,
  });
}

export const wholeNote = (server: string) => `mariadb/${server}/whole`;
/** One for both of a pair. */
const seededNote = (site: DatabaseSite) =>
  `mariadb/${[site.server.name, ...site.server.options.replicates].sort().join("+")}/seeded`;

async function carryOut(
  site: DatabaseSite,
  mirror: DatabaseSite | null,
  plan: Plan,
  within: CommandOptions,
): Promise<void> {
  const { server, act, context } = site;
  const seconds = server.withinSeconds.synchronise;
  const say = (words: string) => act.progress(null, `${server.name}: ${words}`);
  if (plan.kind === "seed") {
    say("its first data are loaded.");
    const files = server.options.load.map((name) => ({ name, file: path.resolve(context.directory, name) }));
    await seed(site, files, within);
    await context.notes.remember(seededNote(site), true);
  }
  if (plan.kind === "restore") {
    say("its last save is restored, and what was recorded since.");
    await restoreSave(site, within);
  }
  if (mirror === null) return;
  if (plan.kind === "follow") {
    say("what is new is read from its mirror.");
    await followMirror(site, mirror, within);
    if (await catchUp(site, await positionOf(mirror, within), seconds, within)) return;
    say("its mirror has thrown away what it would need.");
  }
  if (plan.kind === "follow" || plan.kind === "copy") {
    say("all data are copied from its mirror.");
    await copyFromMirror(site, mirror, within);
    await followMirror(site, mirror, within);
    say("what came meanwhile is read.");
    if (!(await catchUp(site, await positionOf(mirror, within), seconds, within)))
      throw new ManagerError({
        code: "notCaughtUp",
        message: `${server.name} did not catch up with its mirror in time.`,
      });
  }
}

const positionOf = async (mirror: DatabaseSite, within: CommandOptions) =>
  (await sql(mirror, "read its position", "SELECT @@global.gtid_binlog_pos;\n", within)).trim();

async function open(site: DatabaseSite, within: CommandOptions): Promise<void> {
  await site.shell.must("mark it whole", sh`touch ${wholeMark(site)} && sync -f ${wholeMark(site)}`, within);
  await sql(site, "put it into rotation", openSql(checkUsersOf(site), isSemiSynchronous(site.server)), within);
  await site.context.notes.remember(wholeNote(site.server.name), true);
  site.act.progress(null, `${site.server.name}: in rotation.`);
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
  await keepFollowing(site, mirror, look);
}
