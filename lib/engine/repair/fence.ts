import type { FenceDevice, FenceMethod, Host, HostId, IncidentId, VmId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { within } from "../guard/within.ts";
import { type EngineStore, type Fenced, HostUnreachable, type Hypervisor, HypervisorRefused } from "../ports.ts";
import type { StepEnd } from "./step.ts";

const pollMs = 250;
const askPersonEveryMs = 1_000;
const againMs = 2_000;
const slackMs = 500;

/** What the guard knows of a host, for whoever has to prove it off. */
export interface Witness {
  /** It is heard of again, steadily. */
  isWell(host: HostId): boolean;
  /** It is dead by the newest observations: an old verdict, or one of a life before this one, switches nothing off. */
  isDead(host: HostId): boolean;
  /** No lease is granted to it from now on. */
  stopGrants(host: HostId): void;
  /** Whether its lease is provably over; undefined where a lease proves nothing. */
  leaseIsOver(host: HostId): boolean | undefined;
  /** What a person said of it for an incident before this one. */
  saidOff(host: HostId): { readonly by: string; readonly at: number } | undefined;
}

/** What of the engine's surroundings a fencing touches. */
export interface FencingEnv extends Pick<Env, "clock" | "fence"> {
  readonly store: Pick<EngineStore, "host" | "fenceDevices" | "fenceProof" | "personSaysOff" | "recordStanding">;
}

interface Proof {
  readonly method: FenceMethod;
  readonly at: number;
  readonly words: string;
}

/** The only place where proofs are made: the brand has no value, so the cast is what makes one. */
const prove = (host: HostId, method: Fenced["method"], at: number, words: string): Fenced =>
  ({ host, method, at, words }) as Fenced;

/** The proof that the store keeps for a host that stands fenced; undefined for every other host. */
async function fencedProof(env: Env, host: HostId): Promise<Fenced | undefined> {
  const kept = await env.store.fenceProof(host);
  return kept === undefined ? undefined : prove(host, kept.method, kept.at, kept.words);
}

/** All that letting go of a VM touches. */
export interface Releases extends Pick<Env, "clock"> {
  readonly hypervisor: Pick<Hypervisor, "release" | "copiesOn">;
}

/**
 * Proof of the other kind: the living host itself switched the VM off, forgot it, and said so. The disk stays. Throws what the
 * hypervisor throws when it did not.
 */
export async function releaseFrom(env: Releases, host: HostId, uuid: string): Promise<Fenced> {
  const { words } = await env.hypervisor.release(host, uuid);
  if ((await env.hypervisor.copiesOn(host)).some((copy) => copy.uuid === uuid && copy.active))
    throw new HypervisorRefused(`${uuid} still runs on the host that was told to let go of it.`);
  return prove(host, "released", env.clock.now(), words);
}

/** The same again, right before a start: a host that let go of the VM and cannot be asked any more has forgotten it all the same. */
export const releasedFrom = (env: Env, host: HostId, uuid: string): Promise<Fenced> =>
  releaseFrom(env, host, uuid).catch((error: unknown) => {
    if (!(error instanceof HostUnreachable)) throw error;
    return prove(host, "released", env.clock.now(), "Its old host let go of it, and cannot be asked any more.");
  });

/**
 * For a host that was proven off when the VM was claimed and has come back since: its copy, which is the older one, is removed there
 * before the newer one starts.
 */
export async function discardFrom(env: Env, host: HostId, uuid: string, generation: number): Promise<Fenced> {
  const { words } = await env.hypervisor.discard(host, uuid, generation);
  if ((await env.hypervisor.copiesOn(host)).some((copy) => copy.uuid === uuid && copy.active))
    throw new HypervisorRefused(`An older copy of ${uuid} still runs on the host that is back.`);
  return prove(host, "released", env.clock.now(), words);
}

type FenceEnd =
  | { readonly kind: "fenced"; readonly method: FenceMethod }
  /** It was well again before anything was switched. */
  | { readonly kind: "well" };

/** Whether it is dead is not clear at this moment: its switch is left alone until it is. */
const notDeadNow = Symbol("not dead now");

/** One device: off is only what its status says after the switch. */
async function switchOff(
  env: FencingEnv,
  device: FenceDevice,
  mayStart: () => boolean,
): Promise<string | typeof notDeadNow | undefined> {
  const { clock, fence } = env;
  const began = clock.monotonicMs();
  const left = () => Math.max(1, device.timeoutMs - (clock.monotonicMs() - began) + slackMs);
  const status = () => within(clock, left(), fence.status(device), "silent" as const);
  if ((await status()) === "off") return "its power was off already";
  if (!mayStart()) return notDeadNow;
  await within(clock, left(), fence.switch(device, "off"), undefined);
  while (clock.monotonicMs() - began < device.timeoutMs) {
    if ((await status()) === "off") return "its power was switched off, and its status says off";
    await clock.sleep(pollMs);
  }
  return undefined;
}

interface Switching {
  off: { readonly device: FenceDevice; readonly words: string } | undefined;
  /** From here on the host may be off though we do not know it. */
  begun: boolean;
  over: boolean;
  trouble: string;
}

/** All devices in their order, again and again, until one says off. */
async function tryDevices(env: FencingEnv, host: Host, witness: Witness, it: Switching): Promise<void> {
  while (!it.over) {
    const devices = (await env.store.fenceDevices()).filter((device) => device.hostId === host.id);
    if (devices.length === 0) it.trouble = "it has no power switch";
    for (const device of devices.sort((a, b) => a.position - b.position)) {
      if (it.over) return;
      const mayStart = () => {
        it.begun = !it.over && witness.isDead(host.id);
        return it.begun;
      };
      const words = await switchOff(env, device, mayStart).catch((error: unknown) => {
        it.trouble = `${device.agent}: ${error instanceof Error ? error.message : String(error)}`;
        return undefined;
      });
      if (words === notDeadNow) {
        it.trouble = "whether it is dead is not clear at this moment, so it is not switched off";
        break;
      }
      if (words !== undefined) {
        it.off = { device, words };
        return;
      }
      if (!it.trouble.startsWith(device.agent)) it.trouble = `${device.agent} did not say off in time`;
    }
    await env.clock.sleep(witness.isDead(host.id) ? againMs : pollMs);
  }
}

/**
 * Proves the host off: by its power switches in their order, by the end of its lease, or by a person's word, whichever comes first. May
 * run twice: what is proven already is not proven again. Gives up after a while, in words; the guard goes on looking for a proof.
 */
export async function fenceHost(
  env: FencingEnv,
  options: Pick<EngineOptions, "fenceWithinMs">,
  witness: Witness,
  hostId: HostId,
  incident: IncidentId,
): Promise<StepEnd<FenceEnd>> {
  const { store, clock } = env;
  witness.stopGrants(hostId);
  const host = await store.host(hostId);
  if (host === undefined) return { ok: false, words: "The host was removed." };
  if (host.standing === "fenced") {
    const proof = await store.fenceProof(hostId);
    if (proof !== undefined) return { ok: true, words: proof.words, value: { kind: "fenced", method: proof.method } };
  }
  if (host.standing === "returning") return { ok: true, words: "It is back.", value: { kind: "well" } };
  await store.recordStanding(hostId, "fencing", "Belay makes sure that it is off.", clock.now());

  const it: Switching = { off: undefined, begun: false, over: false, trouble: "" };
  const switching = tryDevices(env, host, witness, it);
  switching.catch(() => undefined); // the poll below fails with the same store
  const deadline = clock.monotonicMs() + options.fenceWithinMs;
  let askPersonAt = clock.monotonicMs();
  let proof: Proof | undefined;
  try {
    while (proof === undefined && clock.monotonicMs() < deadline) {
      if (it.off !== undefined) {
        const words = `It is proven off: ${it.off.words} (${it.off.device.agent}).`;
        proof = { method: "power", at: clock.now(), words };
        break;
      }
      if (witness.leaseIsOver(hostId) === true) {
        const words = "It is proven off: its lease ended and its watchdog was armed, and no other host reaches it.";
        proof = { method: "lease", at: clock.now(), words };
        break;
      }
      if (clock.monotonicMs() >= askPersonAt) {
        askPersonAt = clock.monotonicMs() + askPersonEveryMs;
        const said = (await store.personSaysOff(incident)) ?? witness.saidOff(hostId);
        if (said !== undefined) {
          proof = { method: "person", at: said.at, words: `${said.by} says that it is off and stays off.` };
          break;
        }
      }
      if (witness.isWell(hostId) && !it.begun)
        return { ok: true, words: "It was well again before anything was switched.", value: { kind: "well" } };
      await Promise.race([clock.sleep(pollMs), switching]);
      if (it.off === undefined && it.over) break;
    }
  } finally {
    it.over = true;
  }
  if (proof === undefined) return { ok: false, words: notProven(it.trouble, witness.leaseIsOver(hostId)) };
  await store.recordStanding(hostId, "fenced", proof.words, clock.now(), proof);
  return { ok: true, words: proof.words, value: { kind: "fenced", method: proof.method } };
}

const notProven = (trouble: string, lease: boolean | undefined): string => {
  const power = trouble === "" ? "its power switch does not answer" : trouble;
  const helper = lease === undefined ? "it holds no lease that would end" : "its lease is not provably over";
  return `Not proven off: ${power}, and ${helper}. No VM of it is started elsewhere. Say that it is off once you have made sure of it.`;
};

/** Hosts whose proof is doubted, until they are heard of again: a disk of theirs is still in use, so their switch may have lied. */
const doubted = new WeakMap<Env, Set<HostId>>();

export const isDoubted = (env: Env, proof: Fenced): boolean =>
  (proof.method === "power" || proof.method === "lease") && doubted.get(env)?.has(proof.host) === true;

/** No further VM is started on the strength of this host's proof, unless it is a person's word. */
export function doubtProof(env: Env, host: HostId): void {
  const hosts = doubted.get(env) ?? new Set();
  doubted.set(env, hosts.add(host));
}

/** Why the VM may be started on `to`: the proof that it cannot run on `from`. Throws when there is none. */
export async function proofFor(
  env: Env,
  vm: { readonly id: VmId; readonly uuid: string },
  from: HostId,
  generation: number,
): Promise<Fenced> {
  const proof = await fencedProof(env, from);
  if (proof !== undefined) return proof;
  doubted.get(env)?.delete(from);
  return discardFrom(env, from, vm.uuid, generation);
}
