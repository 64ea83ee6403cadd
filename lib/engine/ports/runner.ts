/** What runs work durably. Real: lib/durable. */
import type { MaintenanceId, RepairId } from "../../model/index.ts";

/**
 * Runs one step: its effect is done at least once, and its result is remembered: after a crash a finished step is not done again.
 * The step in flight at a crash is done again, so each effect must look before it acts.
 */
export interface Steps {
  run<T>(name: string, effect: () => Promise<T>): Promise<T>;
}

/** What runs durably: a repair, or the maintenance of a host. */
export type WorkId = RepairId | MaintenanceId;
export type WorkProgram = (work: WorkId, steps: Steps) => Promise<void>;

export interface RepairRunner {
  /** Registers the program that runs all work. Once, before `launch`. */
  register(program: WorkProgram): void;
  /** Recovers what a dead engine left; then accepts starts. */
  launch(): Promise<void>;
  /** Returns as soon as the start is durable. The same work twice is one run. */
  start(work: WorkId): Promise<void>;
  close(): Promise<void>;
}
