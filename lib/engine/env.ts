import type {
  Checkpoints,
  Clock,
  EngineStore,
  FenceAgents,
  HookRunner,
  HostHelpers,
  Hypervisor,
  Ids,
  Log,
  Prober,
  Provisioner,
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
  readonly checkpoints: Checkpoints;
  readonly provisioner: Provisioner;
  /** Names of checkpoints are made before anything is done, so that what was cut short can be swept. */
  readonly ids: Ids;
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
  /** How often each running guest is asked whether it is there, and how many are asked at once in the whole cloud. */
  readonly guestEveryMs: number;
  readonly guestsAtOnce: number;
  /** How often a guest is asked that fell silent, or that has an incident. */
  readonly silentGuestEveryMs: number;
  /** How often the guard looks at all hosts. */
  readonly guardEveryMs: number;
  /** How often the peers of an overdue host are asked, and how long they may take. */
  readonly askPeersEveryMs: number;
  readonly peerTimeoutMs: number;
  /** How long a repair tries to prove a host off before a person is told. Belay goes on by itself when a proof comes later. */
  readonly fenceWithinMs: number;
  /** How long the repair of a host waits for its VMs' repairs. */
  readonly evacuateWithinMs: number;
  /** How long a libvirtd that was started again may take to answer. */
  readonly libvirtdWithinMs: number;
  /** How many VMs of the whole cloud are captured at once: the store has to take them all. */
  readonly capturesAtOnce: number;
}

export const defaultOptions: EngineOptions = {
  scanEveryMs: 2_000,
  reviveWithinMs: 5 * 60_000,
  answerWithinMs: 2 * 60_000,
  probeTimeoutMs: 500,
  probeEveryMs: 100,
  rounds: 3,
  sweepEveryMs: 5_000,
  guestEveryMs: 10_000,
  guestsAtOnce: 64,
  silentGuestEveryMs: 2_000,
  guardEveryMs: 250,
  askPeersEveryMs: 800,
  peerTimeoutMs: 700,
  fenceWithinMs: 60_000,
  evacuateWithinMs: 15 * 60_000,
  libvirtdWithinMs: 30_000,
  capturesAtOnce: 8,
};
