/**
 * `npm start`: set-up, lab (or the simulated cloud where it cannot run), server, demo, traffic, and in the background the auction; stays in
 * the foreground. With --no-lab: set-up and server, for hosts of one's own.
 * Ctrl-C stops all that was started, in the reverse order.
 */
import { defaultLab } from "../../lab/index.ts";
import { createBoard } from "../kit/board.ts";
import { explain, Failure } from "../kit/failure.ts";
import { watchInterruption } from "../kit/interruption.ts";
import { setUp } from "../setup/set-up.ts";
import { bringUpAuction, whyNoAuction } from "./auction.ts";
import { type Child, startChild } from "./child.ts";
import { claimInstance } from "./instance.ts";
import { tellNews } from "./news.ts";
import { readStartOptions } from "./options.ts";
import { requireFreePort } from "./port.ts";
import { bringUpLab, takeDownLab } from "./real-cloud.ts";
import { runDemo } from "./run-demo.ts";
import { bringUpServer, logFileOf, stopOrphanedDatabase } from "./server.ts";
import { createStops } from "./stops.ts";
import { readAccounts, type WelcomeCloud, welcomeLines } from "./welcome.ts";
import { refuseDemoIn } from "./whose-data.ts";

const interruption = watchInterruption();
const { signal } = interruption;
const board = createBoard();
const stops = createStops(board.line);

/** Starts everything and waits: for Ctrl-C, or for the first part that ends by itself. */
async function run(): Promise<void> {
  const options = readStartOptions(process.argv.slice(2), process.env);
  const { dataDir, url, lab } = options;
  const claim = await claimInstance(dataDir, url, board.line);
  stops.add(claim.release);
  await requireFreePort(options.host, options.port);
  if (!options.noLab) await refuseDemoIn(dataDir);
  const { noLab } = await setUp({
    for: "start",
    board,
    signal,
    simulated: options.simulated,
    ownHosts: options.noLab,
  });
  const simulated = noLab !== undefined && !options.noLab;
  if (options.noLab) board.line("  no lab: for hosts of your own");
  else if (simulated)
    board.line(`  simulated cloud: ${noLab.why}${options.simulated ? "" : ` (for a real one: ${noLab.cure})`}`);
  else {
    stops.add(() => takeDownLab(lab, board));
    await bringUpLab({ lab, dataDir, board, signal });
  }

  const server = await bringUpServer(options, simulated, {
    board,
    signal,
    onSpawn: (pid) => void claim.note("server", pid),
  });
  stops.add(async () => {
    await board.phase("stopping the server", () => server.stop());
  });
  const env = {
    PORT: String(options.port),
    HOST: options.host,
    BELAY_DATA: dataDir,
    BELAY_LAB: lab,
    BELAY_SIMULATED: simulated ? "1" : "",
  };
  if (!options.noLab) await board.phase("demo", (say) => runDemo(env, say, signal));
  // The simulated cloud has no network: its server says itself what its guests would have answered.
  const traffic: Child | undefined =
    simulated || options.noLab
      ? undefined
      : startChild("tools/traffic.ts", [], env, (pid) => void claim.note("traffic", pid));
  if (traffic) stops.add(() => board.phase("stopping the traffic", () => traffic.stop()));

  const noAuction = whyNoAuction(options, simulated);
  const accounts = await readAccounts(dataDir);
  const cloud: WelcomeCloud = options.noLab
    ? { kind: "own" }
    : noLab !== undefined
      ? { kind: "simulated", because: noLab.why }
      : { kind: "lab", name: lab === defaultLab ? undefined : lab, noAuction };
  for (const line of welcomeLines({ url, accounts, cloud, logFile: logFileOf(dataDir) })) console.log(line);
  if (noAuction === undefined) {
    const onSpawn = (pid: number) => void claim.note("auction's manager", pid);
    const auction = bringUpAuction({ start: options, board, signal, onSpawn });
    stops.add(() => board.phase("stopping the auction's manager", () => auction.stop()));
  }
  void tellNews(server, board.line, signal);

  const interrupted = new Promise<undefined>((resolve) =>
    signal.addEventListener("abort", () => resolve(undefined), { once: true }),
  );
  const ends = [
    interrupted,
    server.ended.then((how) => ({
      name: "server",
      how: String(how),
      output: server.output(),
      tidy: stopOrphanedDatabase,
    })),
    ...(traffic
      ? [traffic.ended.then(({ words, output }) => ({ name: "traffic source", how: words, output, tidy: undefined }))]
      : []),
  ];
  const end = await Promise.race(ends);
  if (end === undefined || signal.aborted) return;
  await end.tidy?.(dataDir, simulated);
  throw new Failure(
    `the ${end.name} ended by itself (${end.how}). Its last lines:\n${lastLines(end.output)}`,
    "npm start again; what was done is kept",
  );
}

const lastLines = (text: string): string => text.trimEnd().split("\n").slice(-15).join("\n");

interruption.onSecond(() => console.error("not waiting any longer: the next start ends what is left"));
signal.addEventListener("abort", () => board.line("\nstopping everything (Ctrl-C again to end at once)"));
let failure: unknown;
try {
  await run();
} catch (error) {
  if (!signal.aborted) failure = error;
}
await stops.all();
board.close();
if (failure !== undefined) console.error(`\n${explain(failure)}`);
process.exit(failure === undefined ? 0 : 1); // stopped on request is stopped well
