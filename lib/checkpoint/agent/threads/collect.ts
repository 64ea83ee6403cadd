import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let known: (() => void) | undefined;

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("gc");
  return typeof found === "function" ? () => void Reflect.apply(found, undefined, []) : () => undefined;
}

/**
 * Gives memory that nobody refers to any more back to the host, now; of this thread. Left to itself V8 keeps it: it sees a handle of a few
 * bytes, and a thread that has nothing to do makes no garbage (400 MiB were still taken 75 s later). It takes some milliseconds.
 */
export function collect(): void {
  try {
    known ??= collector();
    known();
  } catch {
    // it goes back later
  }
}
