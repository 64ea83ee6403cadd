import { type Checkpoints, HostUnreachable } from "../../engine/ports.ts";
import type { CaptureOffer, HostId } from "../../model/index.ts";
import { captureMethods, parseId } from "../../model/index.ts";
import type { Session } from "../hypervisor/session.ts";
import type { World } from "../world/world.ts";
import { captureAll, type Part, sweepHost } from "./capture.ts";
import { heldStateOn, letGoOn } from "./held.ts";
import { restoreOn, whyNot } from "./restore.ts";
import { statesOf } from "./saved.ts";
import { dropReplica, isReady, refresh } from "./standby.ts";

const probeMs = 5;
const sweepMs = 30;
const verifyMs = 50;
const askMs = 2;
const lookMs = 5;
const letGoMs = 20;

/** Saved states of the simulated guests: agents on their hosts, and a store of bytes that no death of Belay touches. */
export function simulatedCheckpoints(world: World, sessionOf: (host: HostId) => Session | undefined): Checkpoints {
  const { saved, clock } = world;
  const sessionTo = (host: HostId): Session => {
    const session = sessionOf(host);
    if (!session || session.ended.aborted) throw new HostUnreachable("There is no connection to the host.");
    return session;
  };
  const captureGroup: Checkpoints["captureGroup"] = async (requests, signal) => {
    const kept = requests.flatMap(({ id, vm }) => {
      const state = saved.states.get(id);
      return state ? [[vm.id, state.captured] as const] : [];
    });
    if (kept.length === requests.length) return new Map(kept);
    return captureAll(
      world,
      requests.map((request): Part => ({ session: sessionTo(request.vm.hostId), request })),
      signal,
    );
  };

  return {
    captureGroup,
    async probe(host) {
      const session = sessionTo(host);
      return session.call(probeMs, () => offerOf(session));
    },
    async capture(request, signal) {
      const captured = (await captureGroup([request], signal)).get(request.vm.id);
      if (!captured) throw new Error("A capture lost one of its parts.");
      return captured;
    },
    async sweep(host, vm) {
      const session = sessionTo(host);
      return session.call(sweepMs, () => ({ words: sweepHost(world, session.host, vm) }));
    },
    async whyNot(request) {
      await clock.sleep(askMs);
      return whyNot(world, request);
    },
    restore: async (target, request, proof, onProgress) =>
      restoreOn(world, sessionTo(target), request, proof, onProgress),
    async heldState(target, restored) {
      const session = sessionTo(target);
      return session.call(lookMs, () => heldStateOn(world, session.host, restored));
    },
    async letGo(target, restored, proof) {
      const session = sessionTo(target);
      return session.call(letGoMs, () => letGoOn(world, session.host, restored, proof));
    },
    refreshStandby: async (target, request) => refresh(world, sessionTo(target), request),
    standbyReady: async (target, vm, checkpoint) => isReady(world, sessionTo(target), vm.uuid, checkpoint),
    dropStandby: async (target, vm) => dropReplica(world, sessionTo(target), vm.uuid),
    // It takes no time, so that all else happens when it did before there was this question.
    async standing() {
      const lying = [...saved.states.values()].filter((it) => it.store === saved.store);
      return {
        store: saved.store,
        unsure: new Set(lying.filter((it) => it.isUnsure).map(({ id }) => id)),
        damaged: lying.flatMap(({ id, vmId, knownDamaged }) => {
          const vm = parseId("vm", vmId);
          return knownDamaged && vm !== undefined ? [{ id, vmId: vm }] : [];
        }),
      };
    },
    async held(vm) {
      await clock.sleep(askMs);
      return statesOf(saved, vm.id).map(({ id, captured, knownDamaged }) => ({
        ...{ id, at: captured.at, valid: !knownDamaged },
      }));
    },
    async verify(checkpoint) {
      await clock.sleep(verifyMs);
      const state = saved.states.get(checkpoint);
      if (state?.store !== saved.store) return false;
      if (state.isUnsure) throw new Error("Its key is away.");
      if (state.damaged) state.knownDamaged = true;
      return !state.damaged;
    },
    async drop(checkpoints) {
      await clock.sleep(askMs);
      for (const id of checkpoints) {
        const state = saved.states.get(id);
        if (state?.store !== saved.store) continue;
        const newest = statesOf(saved, state.vmId).find((it) => !it.knownDamaged);
        if (newest === state && !state.damaged) saved.newestDropped.push({ vmId: state.vmId, at: clock.now() });
        saved.states.delete(id);
      }
    },
  };
}

function offerOf({ host }: Session): CaptureOffer {
  const method = host.capture;
  if (method === null)
    return { method, words: "SIMULATED: no way of saving a guest's state works on this host.", lazy: false };
  return { method, words: `SIMULATED. ${captureMethods[method].words}`, lazy: method === "background" };
}
