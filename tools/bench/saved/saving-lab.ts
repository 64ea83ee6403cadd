import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGuest, type GuestInfo, type LabState, labUp } from "../../../lab/index.ts";
import { createCheckpoints, type KeptStore, keepStore, type RealCheckpoints } from "../../../lib/checkpoint/index.ts";
import type { Captured, Log } from "../../../lib/engine/ports.ts";
import { createHypervisor, ensureIdentity, HostLinks, hostShell, systemClock } from "../../../lib/hypervisor/index.ts";
import { type CaptureMethod, type CheckpointId, type Host, idSource, type VmId } from "../../../lib/model/index.ts";
import { until } from "../../stack/enrol.ts";
import { page } from "../../stack/fault-lab.ts";
import type { BenchContext } from "../types.ts";

type Address = Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;

export interface SavedVm {
  readonly guest: GuestInfo;
  readonly id: VmId;
  readonly definition: string;
  readonly hostId: Host["id"];
}

/** Real hosts and guests, with Belay's checkpoints on them and its store in a process of its own; no engine: the bench says what is done when. */
export interface SavingLab {
  readonly name: string;
  readonly lab: LabState;
  readonly dir: string;
  readonly hosts: readonly Address[];
  readonly checkpoints: RealCheckpoints;
  readonly kept: KeptStore;
  addGuest(options: { readonly name: string; readonly host: string; readonly memoryMiB: number }): Promise<SavedVm>;
  capture(
    vm: SavedVm,
    method: CaptureMethod,
    base: CheckpointId | null,
    by?: RealCheckpoints,
  ): Promise<Captured & { readonly id: CheckpointId }>;
  /** For benches that end what they began with, or kill it. */
  readonly identityFile: string;
  openStoreAgain(): KeptStore;
  withStore(store: KeptStore["store"]): RealCheckpoints;
  /** Over a connection of its own. */
  watchAgain(host: Address, signal: AbortSignal): ReturnType<ReturnType<typeof createHypervisor>["watch"]>;
}

const captureMs = 120_000;

export async function openSavingLab({ lab: openLab, log, onEnd }: BenchContext, hosts: number): Promise<SavingLab> {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-saved-"));
  onEnd(() => rm(dir, { recursive: true, force: true }));
  const { identityFile, publicKey } = await ensureIdentity(path.join(dir, "ssh"));
  const { name } = await openLab({ hosts });
  const lab = await labUp({ name, authorize: [publicKey] });
  const said = (words: string, facts?: Record<string, unknown>) =>
    log(`  ${words}${facts ? ` ${JSON.stringify(facts)}` : ""}`);
  const logger: Log = { info: () => undefined, warn: said, error: said };
  const links = new HostLinks();
  const hypervisor = createHypervisor({ identityFile, clock: systemClock, log: logger, links });
  const openStoreAgain = () => keepStore({ directories: [path.join(dir, "store")] }, { log: logger });
  const withStore = (store: KeptStore["store"]) => createCheckpoints({ store, shell: hostShell(links), log: logger });
  const kept = openStoreAgain();
  onEnd(() => kept.stop());
  const checkpoints = withStore(kept.store);
  onEnd(() => checkpoints.close());
  const stop = new AbortController();
  onEnd(() => stop.abort());
  const ids = idSource(Date.now, Math.random);
  const addresses: Address[] = [];
  for (const { name: host, uri, hostKeySha256 } of lab.hosts) {
    const address = { id: ids.next("hst"), name: host, uri, hostKeySha256 };
    await connected(hypervisor.watch(address, stop.signal));
    addresses.push(address);
  }
  const opened: SavingLab = {
    ...{ name, lab, dir, hosts: addresses, checkpoints, kept, identityFile, openStoreAgain, withStore },
    watchAgain: (host, signal) =>
      createHypervisor({ identityFile, clock: systemClock, log: logger, links: new HostLinks() }).watch(host, signal),
    async addGuest({ name: guestName, host, memoryMiB }) {
      const guest = await createGuest(name, { name: guestName, host, memoryMiB });
      await until(`${guestName} answers`, () => page(guest.address));
      const hostId = addresses.find((it) => it.name === host)?.id;
      if (hostId === undefined) throw new Error(`there is no host ${host}`);
      const { xml } = await hypervisor.readDefinition(hostId, guest.uuid);
      return { guest, id: ids.next("vm"), definition: xml, hostId };
    },
    async capture(vm, method, base, by = checkpoints) {
      const id = ids.next("ckp");
      const { guest, hostId } = vm;
      const asked = { id: vm.id, uuid: guest.uuid, name: guest.name, hostId, organizationId: null };
      const signal = AbortSignal.timeout(captureMs);
      return { ...(await by.capture({ id, vm: asked, method, base }, signal)), id };
    },
  };
  return opened;
}

/** Resolves when the host is connected for the first time, and watches on. */
async function connected(watch: AsyncIterable<{ readonly kind: string }>): Promise<void> {
  const signals = watch[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await signals.next();
    if (done) throw new Error("the watch of a host ended");
    if (value.kind === "connected") break;
  }
  void (async () => {
    while ((await signals.next()).done !== true);
  })().catch(() => undefined);
}
