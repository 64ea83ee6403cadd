import { type Captured, CaptureFailed, type CaptureRequest, HostUnreachable } from "../../engine/ports.ts";
import type { CaptureMethod, VmId } from "../../model/index.ts";
import type { Session } from "../hypervisor/session.ts";
import type { Random } from "../random.ts";
import { hasProcess } from "../world/domain.ts";
import type { SimDomain, SimHost } from "../world/types.ts";
import { workOf } from "../world/work.ts";
import type { World } from "../world/world.ts";
import { commit, demandRoom, inheritsDamage, methodWords, savesMemory, sizesOf } from "./bytes.ts";
import { hold, leaveToDeadMan, letGo } from "./hold.ts";
import { placeKey, type SavedState } from "./saved.ts";

/** What a step takes for 256 MiB, as measured in the lab. */
const beginMs = 20;
const prepareMs = { min: 60, max: 140 } as const;
const pauseMs: Record<CaptureMethod, { readonly min: number; readonly max: number }> = {
  background: { min: 16, max: 33 },
  live: { min: 63, max: 176 },
  stop: { min: 700, max: 900 },
  "disk-only": { min: 5, max: 15 },
};
const copyMs = { min: 250, max: 700 } as const;
/** What each further 256 MiB adds to it. */
const perSizeMs = 150;

export interface Part {
  readonly session: Session;
  readonly request: CaptureRequest;
}

/** The domain in the run that was begun with, as long as it can be captured. */
function stillThere({ session: { host }, request: { vm } }: Part, runId: number | null): SimDomain {
  const domain = host.domains.get(vm.uuid);
  if (host.power === "off" || domain === undefined || !hasProcess(domain) || domain.runId !== runId)
    throw new CaptureFailed("interrupted", `${vm.name} ended while it was saved.`);
  return domain;
}

function begin(world: World, part: Part): number | null {
  const { host } = part.session;
  const { vm, method } = part.request;
  const refuse = (words: string): never => {
    throw new CaptureFailed("not-possible", words);
  };
  const domain = host.domains.get(vm.uuid) ?? refuse(`${vm.name} is not on its host.`);
  if (!hasProcess(domain) || domain.state !== "running") refuse(`${vm.name} does not run.`);
  if (host.capture === null) refuse("No way of saving a guest's state works on its host.");
  if (method !== "disk-only" && host.capture === "disk-only") refuse("Only disks can be saved on its host.");
  if (world.migrations.running.has(vm.uuid)) refuse(`${vm.name} is being moved.`);
  if (world.saved.captures.has(vm.uuid)) refuse(`${vm.name} is being saved already.`);
  demandRoom(world);
  world.saved.leftovers.delete(placeKey(host.name, vm.uuid)); // an agent begins by putting in order what it finds
  return domain.runId;
}

/**
 * One or several guests of one instant, as agents on their hosts do it. Rejects with what the port says; then the guests run as before. What
 * is left behind when an agent dies, `sweep` takes away.
 */
export async function captureAll(
  world: World,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<ReadonlyMap<VmId, Captured>> {
  const { clock, saved } = world;
  const [first] = parts;
  if (!first) return new Map();
  const random = world.randomOf(`capture ${first.request.id}`);
  const startedAt = clock.now();
  const runs = new Map<Part, number | null>();
  /** Why it ended before its time, and whether the agent can still put things in order. */
  let cut: { readonly error: Error; readonly tidy: boolean } | undefined;
  const cutShort = Promise.withResolvers<never>();
  cutShort.promise.catch(() => undefined);
  const end = (error: Error, tidy: boolean) => {
    cut ??= { error, tidy };
    cutShort.reject(cut.error);
  };
  const stopListening = listen(parts, signal, random, end);

  const begun = (part: Part) => {
    runs.set(part, begin(world, part));
    const { host } = part.session;
    const { uuid, name } = part.request.vm;
    const words = `The agent on ${host.name} died while ${name} was saved.`;
    const agentDies = () =>
      end(new CaptureFailed("interrupted", "The saving was cut short on the host.", words), false);
    const stop = () => end(new CaptureFailed("interrupted", "The saving was given up."), true);
    saved.captures.set(uuid, { host: host.name, uuid, agentDies, stop });
    const { spared } = saved;
    const planned = saved.plans.findIndex((it) => it.host === undefined || it.host === host.name);
    for (const { afterMs, happens } of planned < 0 ? [] : saved.plans.splice(planned, 1))
      world.later(afterMs, () => saved.spared === spared && happens());
  };
  const pass = async (ms: number) => {
    await Promise.race([new Promise<void>((resolve) => world.later(ms, resolve)), cutShort.promise]);
    if (cut) throw cut.error;
    for (const [part, runId] of runs) stillThere(part, runId);
  };

  try {
    for (const part of parts)
      await Promise.race([part.session.call(beginMs, () => (cut ? undefined : begun(part))), cutShort.promise]);
    await pass(random.between(prepareMs.min, prepareMs.max));
    const states = [...runs].map(([part, runId]) => stateOf(world, part, stillThere(part, runId)));
    for (const { session, request } of parts) hold(world, session.host, request.vm.uuid);
    const heldMs = Math.max(
      ...parts.map(({ request: { method } }) => random.between(pauseMs[method].min, pauseMs[method].max)),
    );
    await pass(heldMs);
    for (const { session, request } of parts) letGo(world, session.host, request.vm.uuid);
    const sizes = Math.max(...[...runs].map(([part, runId]) => stillThere(part, runId).memoryMiB / 256 - 1));
    await pass(random.between(copyMs.min, copyMs.max) + sizes * perSizeMs + saved.slowMs);
    const whole = states.map((state): SavedState => {
      const measured = { pauseMs: heldMs, tookMs: clock.now() - startedAt };
      return { ...state, captured: { ...state.captured, ...measured } };
    });
    commit(world, whole);
    return new Map(
      parts.map(({ request }) => [request.vm.id, needed(whole.find((it) => it.id === request.id)).captured]),
    );
  } catch (error) {
    for (const part of runs.keys()) giveUp(world, part, cut?.tidy ?? true);
    throw error;
  } finally {
    stopListening();
    for (const { request } of runs.keys()) saved.captures.delete(request.vm.uuid);
  }
}

/** Its end comes with that of the connection, of Belay's patience, or of Belay: the agent hears it, unless it dies of it. */
function listen(
  parts: readonly Part[],
  signal: AbortSignal,
  random: Random,
  end: (error: Error, tidy: boolean) => void,
): () => void {
  const tidy = random.chance(0.6);
  const given = () => end(new CaptureFailed("interrupted", "The saving was given up."), tidy);
  const lost = () => end(new HostUnreachable("The connection was lost while the VM was saved."), tidy);
  signal.addEventListener("abort", given, { once: true });
  for (const { session } of parts) session.ended.addEventListener("abort", lost, { once: true });
  if (signal.aborted) given();
  return () => {
    signal.removeEventListener("abort", given);
    for (const { session } of parts) session.ended.removeEventListener("abort", lost);
  };
}

/** The agent puts in order what it began; a dead one leaves it as it is. */
function giveUp(world: World, { session: { host }, request: { vm } }: Part, tidy: boolean): void {
  // An agent asks the host's own libvirtd: without it nothing can be put in order.
  if (tidy && host.libvirtd === "up") {
    letGo(world, host, vm.uuid);
    return;
  }
  const runId = host.domains.get(vm.uuid)?.runId ?? null;
  world.saved.leftovers.set(placeKey(host.name, vm.uuid), { runId, since: world.clock.now() });
  world.tell(`A capture of ${vm.name} is left half done on ${host.name}.`);
  leaveToDeadMan(world, host, vm.uuid);
}

function stateOf(world: World, { request }: Part, domain: SimDomain): SavedState {
  const { id, vm, method, base } = request;
  const guest = world.guest(vm.uuid);
  if (!guest) throw new CaptureFailed("not-possible", `${vm.name} is not on its host.`);
  const now = world.clock.now();
  const hasBase = base !== null && world.saved.states.has(base);
  const memory = { hung: guest.hung, spins: guest.spins, answersInMs: Math.max(0, (domain.answersFrom ?? now) - now) };
  const at = world.wall.at(now);
  const captured: Captured = {
    at,
    method,
    pauseMs: 0,
    tookMs: 0,
    ...sizesOf(domain, hasBase),
    words: methodWords[method],
  };
  return {
    ...{ id, vmId: vm.id, uuid: vm.uuid, takenAt: now, store: world.saved.store, captured },
    work: workOf(domain, guest, now),
    memory: savesMemory(method) ? memory : null,
    base: hasBase ? base : null,
    damaged: inheritsDamage(world, base),
    ...{ knownDamaged: false, isUnsure: false },
  };
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("A capture lost one of its parts.");
  return value;
}

/** Takes away what was left on the host; lets the guest go on. */
export function sweepHost(world: World, host: SimHost, vm: { readonly uuid: string; readonly name: string }): string {
  const running = world.saved.captures.get(vm.uuid);
  if (running?.host === host.name) running.stop();
  const went = letGo(world, host, vm.uuid);
  const found = world.saved.leftovers.delete(placeKey(host.name, vm.uuid));
  if (found) world.tell(`What a capture of ${vm.name} had left on ${host.name} is taken away.`);
  if (!found && !went) return `Nothing of a capture of ${vm.name} was left.`;
  return `What a capture of ${vm.name} had left was taken away.${went ? " It goes on." : ""}`;
}
