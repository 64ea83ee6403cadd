import type { WorkId } from "../../engine/ports.ts";

/** A finished step: its result as JSON text; null where it had none. */
export interface JournalledStep {
  readonly name: string;
  readonly result: string | null;
}

/** What outlives the engine of its durable programs. Each call is one transaction. */
export interface Journal {
  /** Remembers that the repair has to be run. Twice is once. */
  open(repair: WorkId): Promise<void>;
  steps(repair: WorkId): Promise<readonly JournalledStep[]>;
  append(repair: WorkId, step: JournalledStep): Promise<void>;
  /** The program ended; it is not run again. */
  close(repair: WorkId): Promise<void>;
  isClosed(repair: WorkId): Promise<boolean>;
  /** Opened and not closed, oldest first. */
  unfinished(): Promise<readonly WorkId[]>;
}

export interface MemoryJournal extends Journal {
  /** For checks: opened and not closed, without a wait. */
  isOpen(repair: WorkId): boolean;
  /** How often anything was written. */
  changes(): number;
}

export function memoryJournal(): MemoryJournal {
  let changes = 0;
  const runs = new Map<WorkId, { steps: JournalledStep[]; closed: boolean }>();
  const run = (repair: WorkId) => {
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
