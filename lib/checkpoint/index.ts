/** Saved states of VMs on real hosts: taken by an agent on each, kept in a store of bytes, restored on any. */
import type { Checkpoints, Log } from "../engine/ports.ts";
import { BelayError, type HostId, parseId } from "../model/index.ts";
import { Agents } from "./side/agents.ts";
import { capture, captureGroup } from "./side/capture.ts";
import { asHostError } from "./side/failures.ts";
import { heldState, letGo } from "./side/held.ts";
import { placeAgent } from "./side/place.ts";
import { dropStandby, refreshStandby, restore, standbyReady, whyNot } from "./side/restore.ts";
import type { HostShell } from "./side/shell.ts";
import type { ByteStore } from "./words.ts";

export type { HostShell } from "./side/shell.ts";
export {
  connectStore,
  findLeaks,
  type KeptStore,
  keepStore,
  type LocalStore,
  openStore,
  runStore,
  type StoreSettings,
  socketOf,
} from "./store/index.ts";
export type { ByteStore } from "./words.ts";

/** Freed not at each drop: going through all that is needed costs more than a while of waiting. */
const collectAfterMs = 20_000;

export interface RealCheckpoints extends Checkpoints {
  /** Ends the agents. The store is its owner's. */
  close(): void;
}

export function createCheckpoints(options: {
  readonly store: ByteStore;
  readonly shell: HostShell;
  readonly log: Log;
  /** Makes sure that the agent is on a host, and answers the command that starts it. */
  readonly place?: (host: HostId) => Promise<readonly string[]>;
}): RealCheckpoints {
  const { store, shell, log, place = (host) => placeAgent(shell, host) } = options;
  const agents = new Agents({ shell, place, log });
  const parts = { store, agents, shell };
  let collecting: NodeJS.Timeout | undefined;

  const collectSoon = () => {
    collecting ??= setTimeout(() => {
      collecting = undefined;
      store.collect().catch((error: unknown) => log.warn("the store frees nothing", { error: String(error) }));
    }, collectAfterMs).unref();
  };

  return {
    async probe(host, { uuid }) {
      try {
        const answer = await (await agents.of(host)).ask({ kind: "probe", uuid });
        if (answer.kind === "offer") return answer.offer;
        throw new Error(`The agent answered ${answer.kind} to a probe.`);
      } catch (error) {
        if (error instanceof BelayError)
          return { method: null, words: `${error.message}${error.cure ? ` ${error.cure}` : ""}`, lazy: false };
        throw asHostError(error);
      }
    },
    capture: (request, signal, onProgress) => capture(parts, request, signal, onProgress),
    captureGroup: (requests, signal, onProgress) => captureGroup(parts, requests, signal, onProgress),
    async sweep(host, { uuid }) {
      try {
        const answer = await (await agents.of(host)).ask({ kind: "sweep", uuid });
        return { words: answer.kind === "done" ? answer.words : "" };
      } catch (error) {
        throw asHostError(error);
      }
    },
    async whyNot(request) {
      const stored = await store.get(request.checkpoint);
      return stored && whyNot(stored, request);
    },
    restore: (target, request, _proof, onProgress, signal) => restore(parts, target, request, onProgress, signal),
    heldState: (target, restored) => heldState(shell, target, restored),
    letGo: (target, restored) => letGo(shell, target, restored),
    refreshStandby: (target, request) => refreshStandby(parts, target, request),
    standbyReady: (target, { uuid }, checkpoint) => standbyReady(parts, target, uuid, checkpoint),
    dropStandby: (target, { uuid }) => dropStandby(parts, target, uuid),
    async held(vm) {
      return (await store.list(vm.id)).flatMap(({ facts, end, damaged: wrong }) => {
        const id = parseId("ckp", facts.checkpoint);
        return id === undefined ? [] : [{ id, at: end.at, valid: wrong === null }];
      });
    },
    async standing() {
      const { store: name, unsure, damaged: found } = await store.standing();
      return {
        store: name,
        unsure: new Set(unsure.flatMap((text) => parseId("ckp", text) ?? [])),
        damaged: found.flatMap(({ checkpoint, vm }) => {
          const id = parseId("ckp", checkpoint);
          const vmId = parseId("vm", vm);
          return id === undefined || vmId === undefined ? [] : [{ id, vmId }];
        }),
      };
    },
    verify: (checkpoint) => store.verify(checkpoint),
    async drop(checkpoints) {
      await store.drop(checkpoints);
      collectSoon();
    },
    close() {
      clearTimeout(collecting);
      agents.close();
    },
  };
}
