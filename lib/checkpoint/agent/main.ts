/**
 * The agent on a host: one file of JavaScript for Node 18 and later, started by the engine over SSH and kept while that connection stands.
 * It speaks frames (../wire) on its standard input and output. When its input ends, at SIGTERM, and when another agent comes, it calls off
 * what it does, lets guests go on, cleans up and ends.
 */
import path from "node:path";
import { isMainThread } from "node:worker_threads";
import type { Connection } from "../../libvirt/index.ts";
import { Link, wireVersion } from "../wire/index.ts";
import { captureHandlers } from "./capture/handlers.ts";
import { whenNoneStands } from "./capture/hold.ts";
import { Copier } from "./capture/shared/copier.ts";
import { Desk } from "./desk.ts";
import { newSeed, pageHash, Tables } from "./differ/index.ts";
import { detailOf } from "./failure.ts";
import { Buffers, Remembered } from "./memory/index.ts";
import { connectHere } from "./monitor.ts";
import { beTheOnly } from "./only.ts";
import { createRestores, localMemory } from "./restore/index.ts";
import { sweepAll } from "./sweep.ts";
import { collect, serveThread, Threads } from "./threads/index.ts";
import { agentDir, WorkFiles } from "./work-files.ts";

const version = "1";
const endMs = 20_000;

async function main(): Promise<void> {
  let end: (why: string) => void = () => process.exit(0);
  const ending = new Promise<string>((resolve) => {
    end = resolve;
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => end("The agent was told to end."));
  const leave = await beTheOnly(() => end("Another agent came."));

  const files = new WorkFiles();
  await files.make();
  let shared: Promise<Connection> | undefined;
  const connection = async (): Promise<Connection> => {
    const open = await shared?.catch(() => undefined);
    if (!open || open.closedBy) shared = connectHere();
    return await (shared ?? connectHere());
  };
  const seed = newSeed();
  const threads = new Threads(new URL(import.meta.url), seed);
  const giveBack = () => {
    threads.letGo();
    collect();
  };
  const letGo = () => whenNoneStands(giveBack);
  const buffers = new Buffers(letGo);
  const remembered = new Remembered(buffers, letGo);
  const copier = new Copier(threads, buffers, remembered);
  const restores = createRestores({
    ...{ connection, directory: path.join(agentDir, "restores") },
    memory: localMemory(remembered, threads),
  });
  const words = [await sweepAll(files), await restores.recover().catch((error: unknown) => detailOf(error))];
  const swept = words.filter(Boolean).join(" ").slice(0, 2000);

  const desk = new Desk({
    ...captureHandlers({ files, tables: new Tables(), hash: await pageHash(seed), copier, remembered }),
    ...restores.handlers,
    hello: async () => ({ kind: "ready", wire: wireVersion, version, swept }),
  });
  const link = new Link(process.stdin, process.stdout, desk);
  desk.begin(link);
  void link.closed.then(() => end("The engine is gone."));

  const why = await ending;
  setTimeout(() => process.exit(1), endMs).unref();
  await desk.end(why);
  link.close();
  await (await shared?.catch(() => undefined))?.close();
  await leave();
}

/** Its threads are the same file. */
const work = isMainThread ? main().then(() => process.exit(0)) : serveThread();
work.catch((error: unknown) => {
  process.stderr.write(`the agent cannot work: ${detailOf(error)}\n`);
  process.exit(1);
});
