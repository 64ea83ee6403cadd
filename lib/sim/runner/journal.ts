import type { RepairId } from "../../model/index.ts";

/** A finished step: its result as JSON text; null where it had none. */
export interface JournalledStep {
  readonly name: string;
  readonly result: string | null;
}

/** What outlives the engine of its durable programs. Each call is one transaction. */
export interface Journal {
  /** Remembers that the repair has to be run. Twice is once. */
  open(repair: RepairId): Promise<void>;
  steps(repair: RepairId): Promise<readonly JournalledStep[]>;
  append(repair: RepairId, step: JournalledStep): Promise<void>;
  /** The program ended; it is not run again. */
  close(repair: RepairId): Promise<void>;
  isClosed(repair: RepairId): Promise<boolean>;
  /** Opened and not closed, oldest first. */
  unfinished(): Promise<readonly RepairId[]>;
}

export interface MemoryJournal extends Journal {
  /** For checks: opened and not closed, without a wait. */
  isOpen(repair: RepairId): boolean;
  /** How often anything was written. */
  changes(): number;
}

export function memoryJournal(): MemoryJournal {
  let changes = 0;
  const runs = new Map<RepairId, { steps: JournalledStep[]; closed: boolean }>();
  const run = (repair: RepairId) => {
    const known = runs.get(repair);
    if (!known) throw new Error(`repair ${repair} was never opened`);
    return known;
  };
  return {
    async open(repair) {
      changes++;
      if (!runs.has(repair)) runs.set(repair, { steps: [], closed: false });
    },
    steps: async (repair) => [...run(repair).steps],
    append: async (repair, step) => void run(repair).steps.push(step),
    async close(repair) {
      changes++;
      run(repair).closed = true;
    },
    isClosed: async (repair) => run(repair).closed,
    isOpen: (repair) => runs.get(repair)?.closed === false,
    changes: () => changes,
    unfinished: async () => [...runs].filter(([, it]) => !it.closed).map(([repair]) => repair),
  };
}
