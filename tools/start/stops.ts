import { explain } from "../kit/failure.ts";

/** What must be stopped, in the reverse of the order in which it was started. */
export interface Stops {
  add(stop: () => Promise<void>): void;
  /** Stops everything. One that fails is said and does not keep the others from it. Twice is once. */
  all(): Promise<void>;
}

export function createStops(line: (words: string) => void): Stops {
  const stops: (() => Promise<void>)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    async all() {
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop())
        try {
          await stop();
        } catch (error) {
          line(explain(error));
        }
    },
  };
}
