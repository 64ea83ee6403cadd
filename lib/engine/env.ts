import type {
  Clock,
  EngineStore,
  FenceAgents,
  HookRunner,
  HostHelpers,
  Hypervisor,
  Log,
  Prober,
  RepairRunner,
  Wakes,
} from "./ports.ts";

/** All that the engine may touch. The real ones and the simulated ones are the same to it. */
export interface Env {
  readonly clock: Clock;
  readonly hypervisor: Hypervisor;
  readonly prober: Prober;
  readonly fence: FenceAgents;
  readonly helpers: HostHelpers;
  readonly hooks: HookRunner;
  readonly store: EngineStore;
  readonly wakes: Wakes;
  readonly runner: RepairRunner;
  readonly log: Log;
}

export interface EngineOptions {
  /** How often all domains of a host are read, whether or not an event came. */
  readonly scanEveryMs: number;
  /** How long a repair tries to bring the VM to running. A silent host counts. */
  readonly reviveWithinMs: number;
  /** How long a revived guest may take to answer. */
  readonly answerWithinMs: number;
  /** How long one question to a guest may take. */
  readonly probeTimeoutMs: number;
  readonly probeEveryMs: number;
  /** How often a repair that found the VM dead again begins anew before it hands over. */
  readonly rounds: number;
  /** How often intents and repairs that no wake announced are looked for. */
  readonly sweepEveryMs: number;
}

export const defaultOptions: EngineOptions = {
  scanEveryMs: 2_000,
  reviveWithinMs: 5 * 60_000,
  answerWithinMs: 2 * 60_000,
  probeTimeoutMs: 500,
  probeEveryMs: 100,
  rounds: 3,
  sweepEveryMs: 5_000,
};
