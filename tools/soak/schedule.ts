import { seededRandom } from "../../lib/sim/index.ts";
import { type Fault, faults } from "./faults.ts";

/** Between two faults: short enough that repairs overlap, long enough that they come to something. */
const pauseMs = { min: 3_000, max: 20_000 } as const;
/** How long a cut, an isolation or a power loss stays. */
const damageMs = { min: 8_000, max: 30_000 } as const;

export interface Turn {
  readonly fault: Fault;
  /** In [0, 1): which of those that it may befall then. */
  readonly whom: number;
  /** How long what it breaks stays so, where something of that kind is not broken already. */
  readonly damageMs: number;
  readonly pauseMs: number;
}

/** The turn of this number: of its seed and number alone, whatever became of the turns before. */
export function turnOf(seed: number, number: number): Turn {
  const random = seededRandom(seed, `soak turn ${number}`);
  return {
    fault: weighted(random.next()),
    whom: random.next(),
    damageMs: random.between(damageMs.min, damageMs.max),
    pauseMs: random.between(pauseMs.min, pauseMs.max),
  };
}

function weighted(at: number): Fault {
  const sum = faults.reduce((total, it) => total + it.weight, 0);
  let left = at * sum;
  for (const it of faults) {
    left -= it.weight;
    if (left < 0) return it;
  }
  throw new Error("the table of faults is empty");
}
