import type { Addresses, Description, ServerSpec, VmSpec } from "./description/index.ts";

/**
 * The seam between what decides (decide, link, commands) and what touches VMs (ssh, wrappers, sensors, techniques). Every act may run
 * twice, ends within its server's `withinSeconds`, and throws `ManagerError`.
 */

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly cure?: string;
  /** Of an act on several VMs: those that it is about. The others went well. */
  readonly vms?: readonly string[];
  /** What the command said, where one failed. */
  readonly output?: string;
}

export class ManagerError extends Error {
  override readonly name = "ManagerError";
  readonly code: string;
  readonly field: string | undefined;
  readonly cure: string | undefined;
  readonly output: string | undefined;
  readonly vms: readonly string[] | undefined;
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.message, options);
    this.code = problem.code;
    this.field = problem.field;
    this.cure = problem.cure;
    this.output = problem.output;
    this.vms = problem.vms;
  }
}

/** Of one act while it goes on. `percent` is null where it is not known. */
export interface Act {
  readonly signal: AbortSignal;
  progress(percent: number | null, words: string): void;
}

export interface Health {
  readonly ok: boolean;
  readonly words: string;
}

/** Where a server's data are besides on the disk of its VM. `owner`: its own command brings them back. */
export interface Elsewhere {
  readonly by: "mirror" | "save" | "owner" | "nobody";
  readonly words: string;
}

export interface ServerHands {
  /** Files, archives (checked), packages. What the image has already is left alone. */
  deploy(server: ServerSpec, act: Act): Promise<void>;
  /** Writes the configuration from the bindings as they are now; a server that runs takes it up without dropping requests. */
  configure(server: ServerSpec, act: Act): Promise<void>;
  start(server: ServerSpec, act: Act): Promise<void>;
  stop(server: ServerSpec, act: Act): Promise<void>;
  /** Never throws for a server that is down: says so. */
  health(server: ServerSpec, act: Act): Promise<Health>;
  /** Keeps the server's state on the manager's side (in `stateDir`). */
  save(server: ServerSpec, act: Act): Promise<void>;
  restore(server: ServerSpec, act: Act): Promise<void>;
  /** As it is now. VMs of `leaving` are about to be given back: who is on them is no mirror. */
  elsewhere(server: ServerSpec, leaving: readonly string[], act: Act): Promise<Elsewhere>;
  /** After a start on a VM that is new or went back: the state is brought up to date from its peers, or from the last save. */
  synchronise(server: ServerSpec, act: Act): Promise<void>;
  /** Waits until commands can be run on the VM. */
  reach(vm: VmSpec, act: Act): Promise<void>;
  close(): Promise<void>;
}

/** One look of one sensor, in the description's names. */
export interface SensorReading {
  readonly name: string;
  readonly kind: "process" | "tcp" | "http" | "sql" | "command" | "vm";
  readonly server: string | null;
  /** The VM that is looked at. */
  readonly vm: string | null;
  /** null: the manager itself looks. */
  readonly from: string | null;
  readonly state: "ok" | "failing" | "unknown";
  readonly words: string;
}

export interface SensorHands {
  /** All sensors once, at the same time; each within its own time. A sensor that cannot be asked is `unknown`, and never throws. */
  read(signal: AbortSignal): Promise<readonly SensorReading[]>;
  /** One VM, as diagnosis.asked needs it: within 2 s. */
  readVm(vm: string, signal: AbortSignal): Promise<readonly SensorReading[]>;
  close(): Promise<void>;
}

/** What the manager repairs alone. */
export interface TechniqueHands {
  restartServer(server: ServerSpec, act: Act): Promise<void>;
  replayServer(server: ServerSpec, act: Act): Promise<void>;
  /** Free, allocate, deploy and start, restore: by `VmHands`. */
  rebuildVm(vm: VmSpec, act: Act): Promise<void>;
  rebuildMany(vms: readonly VmSpec[], act: Act): Promise<void>;
  /** Runs until aborted: the recording of modification requests, and the periodic saves, of the servers that need them. */
  record(signal: AbortSignal): Promise<void>;
}

/** VMs by the provider's API, made by lib/manager/provision for the techniques. Each is journalled and may run twice. */
export interface VmHands {
  /** False: the provider has taken its disk away already. Where the provider does not answer, there is one. */
  hasDisk(vm: VmSpec, act: Act): Promise<boolean>;
  free(vm: VmSpec, act: Act): Promise<void>;
  /** Resolves when it answers; `Addresses` tells the new address from then on. */
  allocate(vm: VmSpec, act: Act): Promise<{ readonly address: string }>;
  /** Deploys, configures, starts, synchronises the servers of these VMs, and configures again who is bound to them. */
  finish(vms: readonly VmSpec[], act: Act): Promise<void>;
}

/** What must outlive a kill -9. Each change is on the disk when it resolves. Keys are of the caller's own: `sensors/…`, `saves/…`. */
export interface Notes {
  recall(key: string): unknown;
  remember(key: string, value: unknown): Promise<void>;
  forget(key: string): Promise<void>;
}

export type Log = (words: string) => void;

export interface SshAccess {
  readonly user: string;
  readonly port: number;
  /** The private key itself. */
  readonly privateKey: string;
}

/** What `createHands`, `createSensors` and `createTechniques` are given. */
export interface HandsContext {
  readonly description: Description;
  /** Local files of the description are seen from here. */
  readonly directory: string;
  readonly stateDir: string;
  readonly addresses: Addresses;
  readonly ssh: SshAccess;
  readonly secretOf: (name: string) => string;
  readonly notes: Notes;
  readonly log: Log;
}

export type CreateHands = (context: HandsContext) => ServerHands;
export type CreateSensors = (context: HandsContext) => SensorHands;
export type CreateTechniques = (
  context: HandsContext & { readonly hands: ServerHands; readonly vms: VmHands },
) => TechniqueHands;
