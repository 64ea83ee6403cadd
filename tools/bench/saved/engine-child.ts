/**
 * The engine's side of checkpoints as a process of its own, for the bench that kills it: saves one VM again and again, keeps a few, and
 * says each thing it does as a line of JSON. Its store is a child of it, as the server's is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createCheckpoints, keepStore } from "../../../lib/checkpoint/index.ts";
import type { Log } from "../../../lib/engine/ports.ts";
import { createHypervisor, HostLinks, hostShell, systemClock } from "../../../lib/hypervisor/index.ts";
import { type CheckpointId, type Host, idSource, type VmId } from "../../../lib/model/index.ts";

export interface ChildGiven {
  readonly storeDir: string;
  readonly identityFile: string;
  readonly host: Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;
  readonly vm: { readonly id: VmId; readonly uuid: string; readonly name: string };
  readonly generations: number;
}
export type ChildSays =
  | { readonly kind: "begin" | "ok"; readonly id: CheckpointId }
  | { readonly kind: "failed"; readonly id: CheckpointId; readonly words: string }
  | { readonly kind: "dropping"; readonly ids: readonly CheckpointId[] }
  | { readonly kind: "store"; readonly pid: number };

const captureMs = 60_000;
const given = JSON.parse(process.argv[2] ?? "{}") as ChildGiven;
const say = (it: ChildSays) => process.stdout.write(`${JSON.stringify(it)}\n`);
const note = (words: string, facts?: Record<string, unknown>) =>
  process.stderr.write(`${words} ${facts ? JSON.stringify(facts) : ""}\n`);
const log: Log = { info: () => undefined, warn: note, error: note };
const links = new HostLinks();
const hypervisor = createHypervisor({ identityFile: given.identityFile, clock: systemClock, log, links });
const kept = keepStore({ directories: [given.storeDir] }, { log });
const checkpoints = createCheckpoints({ store: kept.store, shell: hostShell(links), log });
const ids = idSource(Date.now, Math.random);
let storePid: number | undefined;

const tellStore = () => {
  const pid = kept.pid();
  if (pid !== undefined && pid !== storePid) say({ kind: "store", pid });
  storePid = pid;
};

async function saveForever(): Promise<never> {
  for (;;) {
    tellStore();
    const id = ids.next("ckp");
    try {
      const held = await checkpoints.held(given.vm);
      const old = held.slice(given.generations).map((it) => it.id);
      if (old.length > 0) {
        say({ kind: "dropping", ids: old });
        await checkpoints.drop(old);
        await kept.store.collect();
      }
      say({ kind: "begin", id });
      const vm = { ...given.vm, hostId: given.host.id, organizationId: null };
      const asked = { id, vm, method: "background" as const, base: held[0]?.id ?? null };
      await checkpoints.capture(asked, AbortSignal.timeout(captureMs));
      say({ kind: "ok", id });
    } catch (error) {
      say({ kind: "failed", id, words: error instanceof Error ? error.message : String(error) });
      await sleep(200);
    }
  }
}

process.stdin.resume().once("end", () => process.exit(0)); // nobody is there any more
let begun = false;
for await (const { kind } of hypervisor.watch(given.host, new AbortController().signal))
  if (kind === "connected" && !begun) {
    begun = true;
    void saveForever();
  }
