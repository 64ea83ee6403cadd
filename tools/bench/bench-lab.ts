import { type LabState, labDown, labNames, labUp } from "../../lab/index.ts";
import { identify } from "../kit/identity.ts";
import type { LabOptions } from "./types.ts";

const nameOf = (pid: number): string => `bench-${pid}`;

/** Labs of measurements that were killed before they could take them down. */
async function leftLabs(): Promise<string[]> {
  const names = await labNames();
  const gone = await Promise.all(
    names.map(async (name) => {
      const pid = /^bench-(\d+)$/.exec(name)?.[1];
      return pid !== undefined && (await identify(Number(pid))) === undefined;
    }),
  );
  return names.filter((_, at) => gone[at]);
}

/**
 * A lab for one measurement, brought up when it is first asked for. `onEnd` is told how to take it down before it comes up, so that
 * one that fails half-way is taken down as well.
 */
export function benchLab(
  log: (line: string) => void,
  onEnd: (undo: () => Promise<void>) => void,
  signal: AbortSignal,
): { open(options?: LabOptions): Promise<LabState>; state(): LabState | undefined } {
  const name = nameOf(process.pid);
  let opening: Promise<LabState> | undefined;
  let state: LabState | undefined;
  const open = async ({ hosts = 3 }: LabOptions): Promise<LabState> => {
    for (const left of await leftLabs()) await labDown(left);
    onEnd(async () => {
      log("lab: taking it down");
      await labDown(name);
    });
    state = await labUp({
      name,
      hosts,
      signal,
      onPhase: (phase) => {
        if (phase.state === "done")
          log(`lab: ${phase.name}${phase.detail ? `: ${phase.detail}` : ""}, ${phase.elapsedMs} ms`);
      },
    });
    return state;
  };
  return {
    open(options = {}) {
      opening ??= open(options);
      return opening;
    },
    state: () => state,
  };
}
