import { setTimeout as sleep } from "node:timers/promises";
import { labDown } from "../../../lab/index.ts";
import type { IncidentView, VmView } from "../../../lib/contract/index.ts";
import { type AuctionManager, startManager } from "../../auction/manager.ts";
import { type AuctionImage, type Staged, stageAuction } from "../../auction/stage.ts";
import { clientOf } from "../../operator/client.ts";
import { cloudOf, until } from "../../stack/enrol.ts";
import { type FaultLab, openFaultLab } from "../../stack/fault-lab.ts";
import type { BenchContext } from "../types.ts";

/** The auction on a lab of its own, up and in the hands of its customer's manager. */
export interface AuctionLab {
  readonly fault: FaultLab;
  readonly staged: Staged;
  readonly upMs: number;
  vm(name: string): Promise<VmView>;
  address(name: string): Promise<string>;
  startManager(): Promise<void>;
  stopManager(): Promise<void>;
  setMode(mode: "none" | "customer" | "collaborative"): Promise<void>;
  /**
   * kill -9 of the VM's QEMU, by the page's button: what is broken on purpose does not count for the restart limit, whose pauses would be
   * measured else. The instant before it was asked for.
   */
  kill(name: string): Promise<number>;
  /** The newest incident of the VM since then, once it has ended. */
  ended(name: string, since: number): Promise<IncidentView>;
  down(): Promise<void>;
}

const endsWithinMs = 6 * 60_000;

export async function openAuctionLab(
  context: Pick<BenchContext, "log" | "lab" | "onEnd" | "signal">,
  image: AuctionImage,
  other?: Parameters<typeof stageAuction>[0]["other"],
): Promise<AuctionLab> {
  const { log, signal } = context;
  const { name } = await context.lab({ hosts: 3 });
  const undos: (() => Promise<void>)[] = [];
  const onEnd = (undo: () => Promise<void>) => void undos.push(undo);
  let isDown = false;
  const down = async () => {
    if (isDown) return;
    isDown = true;
    for (const undo of undos.reverse()) await undo();
  };
  context.onEnd(down);
  // The next image begins with hosts that carry nothing.
  onEnd(() => labDown(name));
  const policy = { stormWindowMs: 5_000 };
  const fault = await openFaultLab({ lab: { name }, guests: {}, policy, log, onEnd });
  const client = clientOf({ PORT: String(fault.port), BELAY_DATA: fault.dataDir }, { signal });
  const staged = await stageAuction({
    client,
    dataDir: fault.dataDir,
    lab: name,
    image,
    say: log,
    signal,
    ...(other && { other }),
  });

  let manager: AuctionManager | undefined;
  onEnd(async () => manager?.stop());
  const begun = performance.now();
  const start = async () => {
    manager = startManager(staged, { say: (line) => log(`  manager: ${line}`) });
    await manager.up;
  };
  await start();
  const upMs = Math.round(performance.now() - begun);
  log(`the auction is up after ${upMs} ms, image ${image}`);
  // Its own sensors have looked, and the provider knows its manager.
  await until("the manager is heard", async () => {
    const { managers } = await cloudOf(fault.server);
    return managers.some((it) => it.connected) ? true : undefined;
  });

  const vm = (wanted: string) =>
    until(`the VM ${wanted}`, async () => (await cloudOf(fault.server)).vms.find((it) => it.name === wanted));
  return {
    ...{ fault, staged, upMs, vm, down },
    async address(wanted) {
      const check = (await vm(wanted)).answerCheck;
      if (!("address" in check)) throw new Error(`${wanted} has no address`);
      return check.address;
    },
    startManager: start,
    async stopManager() {
      await manager?.stop();
      manager = undefined;
    },
    async setMode(mode) {
      await fault.server.api("PATCH", `/applications/${staged.applicationId}`, { mode });
    },
    async kill(wanted) {
      const { id, runId } = await vm(wanted);
      const began = Date.now();
      await fault.server.api("POST", `/vms/${id}/kill`, { runId }, { "idempotency-key": `bench-${id}-${runId}` });
      return began;
    },
    async ended(wanted, since) {
      const { id } = await vm(wanted);
      const deadline = Date.now() + endsWithinMs;
      for (;;) {
        signal.throwIfAborted();
        const { incidents } = await fault.server.api<{ incidents: IncidentView[] }>("GET", `/incidents?vmId=${id}`);
        const found = incidents.find((it) => it.td >= since);
        if (found !== undefined && found.endedAt !== null) return found;
        if (Date.now() > deadline) throw new Error(`the failure of ${wanted} was not over within ${endsWithinMs} ms`);
        await sleep(300, undefined, { signal });
      }
    },
  };
}
