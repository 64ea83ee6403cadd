import { setTimeout as sleep } from "node:timers/promises";
import { isRecorded, portOf } from "../description/index.ts";
import { type Act, type HandsContext, ManagerError, type ServerHands } from "../servers.ts";
import { type Shells, sh, shellsOf } from "../ssh/index.ts";
import { pathsOf } from "../wrappers/index.ts";
import {
  dropBefore,
  eventsIn,
  gtidOf,
  isSemiSynchronous,
  type Mariadb,
  readEvent,
  recorderPassword,
  recorderUser,
  recordingFiles,
  serverIdOf,
} from "../wrappers/mariadb/door.ts";
import { ProtocolError } from "./binlog/packets.ts";
import { replicate } from "./binlog/replica.ts";
import { type RecordedFiles, recordingInto } from "./recorded-files.ts";
import { keepSaving, saveByCommands, savedAtOf } from "./saving.ts";

type Context = HandsContext & { readonly hands: ServerHands };

/** At first, and doubled up to the most: a VM that is being made anew has other work than to be asked. */
const againAfterMs = 1000;
const againAtMostMs = 8000;
/** Far from any server's own, and another one for each server. */
const recorderId = (server: Mariadb, context: Context) => 2_000_000_000 + serverIdOf(server, context.description);

/**
 * Continuous recording and periodic saves of every database server that may be replayed (paper, section III-A-1: "trapping and storing all
 * modification requests"). The manager is a replica that keeps what it is sent on its own disk before it says to have it; where the
 * server has no mirror, clients hear that a write is done only after that. Other servers are saved as their owner says. Runs until aborted.
 */
export async function record(context: Context, signal: AbortSignal): Promise<void> {
  const shells = shellsOf(context);
  const servers = context.description.servers.filter(
    (server): server is Mariadb => server.kind === "mariadb" && isRecorded(server, context.description),
  );
  try {
    await Promise.all([
      saveByCommands(context, signal),
      ...servers.map((server) => keepRecording(context, shells, server, signal)),
    ]);
  } finally {
    shells.close();
  }
}

async function keepRecording(context: Context, shells: Shells, server: Mariadb, signal: AbortSignal): Promise<void> {
  let told = "";
  let waitMs = againAfterMs;
  while (!signal.aborted) {
    const begun = performance.now();
    try {
      await recordOnce(context, shells, server, signal);
    } catch (error) {
      if (signal.aborted) return;
      const words = error instanceof Error ? error.message : String(error);
      if (words !== told) context.log(`${server.name} is not recorded now: ${words}`);
      told = words;
    }
    waitMs = performance.now() - begun > 2 * againAtMostMs ? againAfterMs : Math.min(2 * waitMs, againAtMostMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** One connection's worth. A save is made beside it now and then, into a new file, and what is older than the save is dropped. */
async function recordOnce(context: Context, shells: Shells, server: Mariadb, signal: AbortSignal): Promise<void> {
  const { hands, description } = context;
  const act = { signal, progress: () => undefined };
  const health = await hands.health(server, act);
  if (!health.ok) throw new ManagerError({ code: "notUp", message: health.words });
  const recorded = await recordedPosition(context, server);
  // A gap between the last save and now is closed by another save at once.
  if (recorded === "") await context.notes.forget(savedAtOf(server.name));
  const position = recorded === "" ? await positionNow(shells, server, signal) : recorded;
  const files = recordingInto(context, server.name);
  const stream = await shells.of(server.vm).tunnel(portOf(server));
  const ended = new AbortController();
  const end = () => stream.destroy();
  signal.addEventListener("abort", end, { once: true });
  const saving = keepSaving(context, server, AbortSignal.any([signal, ended.signal]), (act) =>
    saveBeside(context, server, files, act),
  );
  try {
    await replicate({
      stream,
      user: recorderUser,
      password: recorderPassword(server.name, context.ssh.privateKey),
      id: recorderId(server, context),
      position,
      // A pair acknowledges by its mirror: the manager's answer in its place would leave a write on one server alone.
      semiSynchronous: server.options.replicates.length === 0 && isSemiSynchronous(server, description),
      keep: files.keep,
    });
  } catch (error) {
    // The server has thrown away what would come next, or is another one now: the recording begins anew.
    if (error instanceof ProtocolError && error.number === forgottenThere)
      await dropBefore(context, server.name, undefined);
    throw error;
  } finally {
    ended.abort();
    signal.removeEventListener("abort", end);
    end();
    await saving;
    await files.close();
  }
}

/** Recording goes on meanwhile: what comes while it is saved is in both, and replayed once. */
async function saveBeside(context: Context, server: Mariadb, files: RecordedFiles, act: Act): Promise<void> {
  const file = await files.next();
  await context.hands.save(server, act);
  await dropBefore(context, server.name, file);
}

/** MariaDB's ER_MASTER_FATAL_ERROR_READING_BINLOG. */
const forgottenThere = 1236;

async function positionNow(shells: Shells, server: Mariadb, signal: AbortSignal): Promise<string> {
  const client = sh`exec mariadb --defaults-file=${`${pathsOf(server.name).config}/my.cnf`} -N -B -e ${"SELECT @@global.gtid_current_pos"}`;
  return (await shells.of(server.vm).must("read its position", client, { timeoutMs: 10_000, signal })).trim();
}

/** Where the recording has got to, by what is in its files; "" where nothing was recorded. */
async function recordedPosition(context: Context, server: Mariadb): Promise<string> {
  const last = new Map<number, string>();
  for (const file of await recordingFiles(context, server.name))
    for await (const bytes of eventsIn(file)) {
      const event = readEvent(bytes);
      const gtid = gtidOf(event);
      if (gtid !== undefined) last.set(gtid.domain, `${gtid.domain}-${event.server}-${gtid.number}`);
    }
  return [...last.values()].join(",");
}
