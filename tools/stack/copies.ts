import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Process ids of QEMU by the UUID of the domain that they carry, over all hosts of all labs: the machine's own kernel sees them all. */
export async function runningCopies(uuids: ReadonlySet<string>): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      try {
        if (!(await readlink(`/proc/${pid}/exe`)).includes("qemu-system")) return;
        const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
        const uuid = words[words.indexOf("-uuid") + 1];
        // A process that waits for a migration's memory runs nothing yet.
        if (uuid === undefined || !uuids.has(uuid) || words.includes("-incoming")) return;
        found.set(uuid, [...(found.get(uuid) ?? []), Number(pid)]);
      } catch {
        // it ended while it was looked at
      }
    }),
  );
  return found;
}

export interface CopyWatch {
  /** Each time that two processes were seen to carry one VM at once (invariant 1). */
  readonly doubles: readonly string[];
  readonly looks: number;
  stop(): Promise<void>;
}

/** Looks at all processes again and again until it is stopped. A copy that is being ended is given one look's time. */
export function watchCopies(names: ReadonlyMap<string, string>, everyMs = 100): CopyWatch {
  const stopping = new AbortController();
  const doubles: string[] = [];
  const uuids = new Set(names.keys());
  let looks = 0;
  const loop = async () => {
    let before = new Set<string>();
    while (!stopping.signal.aborted) {
      const copies = await runningCopies(uuids);
      looks++;
      const now = new Set([...copies].filter(([, pids]) => pids.length > 1).map(([uuid]) => uuid));
      for (const uuid of now)
        if (before.has(uuid)) doubles.push(`${names.get(uuid)}: processes ${copies.get(uuid)?.join(" and ")}`);
      before = now;
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const done = loop();
  return {
    doubles,
    get looks() {
      return looks;
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
