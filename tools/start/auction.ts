import { freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { cloudView } from "../../lib/contract/index.ts";
import { type AuctionManager, startManager } from "../auction/manager.ts";
import { auctionOwner, type Staged, stageAuction } from "../auction/stage.ts";
import { auctionTraffic } from "../auction/traffic.ts";
import type { Board } from "../kit/board.ts";
import { explain } from "../kit/failure.ts";
import { clientOf, type OperatorClient } from "../operator/client.ts";
import type { StartOptions } from "./options.ts";

/** Six VMs of 1.4 GiB together, and what QEMU takes besides. */
const leastFreeGiB = 4;
const image = "prepared";
/** A manager that ends by itself is started again, as a customer's service manager would. */
const againAfterMs = 10_000;
const tries = 5;

/** Why the auction is left out; undefined: it is brought up. */
export function whyNoAuction(
  { noAuction, noLab }: StartOptions,
  simulated: boolean,
  freeBytes = freemem(),
): string | undefined {
  if (noAuction) return "it was left out (--no-auction)";
  if (noLab) return "there is no lab to carry it (--no-lab)";
  if (simulated) return "the simulated cloud carries no real servers";
  const freeGiB = freeBytes / 2 ** 30;
  if (freeGiB < leastFreeGiB) return `it needs ${leastFreeGiB} GiB of free memory, and there are ${freeGiB.toFixed(1)}`;
  return undefined;
}

export interface AuctionStart {
  stop(): Promise<void>;
}

/**
 * The auction on six VMs of a customer, in the background: nobody waits for it, and what fails of it ends nothing else. A second start goes
 * on with the VMs that are there.
 */
export function bringUpAuction(options: {
  readonly start: StartOptions;
  readonly board: Board;
  readonly signal: AbortSignal;
  readonly onSpawn: (pid: number) => void;
}): AuctionStart {
  const { start, board, onSpawn } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const { dataDir, lab } = start;
  const client = clientOf({ PORT: String(start.port), HOST: start.host, BELAY_DATA: dataDir }, { signal });
  let manager: AuctionManager | undefined;

  async function whole(): Promise<void> {
    const staged = await board.phase("auction: image and key", (say) =>
      stageAuction({ client, dataDir, lab, image, say, signal }),
    );
    for (let turn = 1; turn <= tries && !signal.aborted; turn++) {
      const said = { line: (_: string) => {} };
      manager = startManager(staged, { say: (line) => said.line(line), onSpawn });
      const up = manager.up;
      await board.phase("auction: six VMs and their servers", async (say) => {
        said.line = (line) => say(line.trim().replace(/^(▸ |✓ |servers: )/, ""));
        await up;
      });
      said.line = (line) => board.line(`  auction's manager: ${line}`);
      const ended = new AbortController();
      const traffic = trafficOf(client, staged, board, AbortSignal.any([signal, ended.signal]));
      await manager.ended;
      ended.abort();
      await traffic;
      if (signal.aborted) return;
      board.line("  the auction's manager has ended by itself, and is started again");
      await sleep(againAfterMs, undefined, { signal }).catch(() => {});
    }
  }

  const all = whole().catch((error: unknown) => {
    if (!signal.aborted) board.line(`  the auction is not up: ${explain(error)}`);
  });
  return {
    async stop() {
      stopping.abort();
      await manager?.stop();
      await all;
    },
  };
}

async function trafficOf(client: OperatorClient, staged: Staged, board: Board, signal: AbortSignal): Promise<void> {
  const { vms } = await client.ask("GET", "/cloud", cloudView);
  const web = vms.find(({ name, applicationId }) => name === "web" && applicationId === staged.applicationId);
  if (web === undefined || !("address" in web.answerCheck)) return;
  const { address } = web.answerCheck;
  // VMs that were there before are up before their servers are.
  while (!(await serves(address))) {
    if (signal.aborted) return;
    await sleep(1_000, undefined, { signal }).catch(() => {});
  }
  for (const line of auctionLines(address)) board.line(line);
  await auctionTraffic({ client, applicationId: staged.applicationId, address, signal });
}

/** A page that needs the database. */
async function serves(address: string): Promise<boolean> {
  const reply = await fetch(`http://${address}/categories`, { signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  await reply?.arrayBuffer().catch(() => undefined);
  return reply?.ok === true;
}

const auctionLines = (address: string): string[] => [
  "",
  `  The auction is up:  http://${address}/   (on this machine; ${auctionOwner}'s, six VMs, a little load on it)`,
  "  Try: as the provider press Kill VM on db-1. Provider and customer repair it together: it is made anew from its image, the customer's",
  "       manager deploys MariaDB and brings it up to date from db-2, and the auction goes on meanwhile. The incident's page shows what both say.",
  "",
];
