import type { Host } from "../../../lib/model/index.ts";
import type { SavingLab } from "./saving-lab.ts";

/** How long a guest stood still, each time, by libvirt's own events. */
export interface Stops {
  all(): readonly number[];
  /** How often longer than this; one that has not ended counts. */
  over(ms: number): number;
}

export async function watchStops(
  saving: SavingLab,
  host: Pick<Host, "id" | "name" | "uri" | "hostKeySha256">,
  uuid: string,
  onEnd: (undo: () => void) => void,
): Promise<Stops> {
  const stop = new AbortController();
  onEnd(() => stop.abort());
  const stood: number[] = [];
  let since: number | undefined;
  const signals = saving.watchAgain(host, stop.signal)[Symbol.asyncIterator]();
  const ready = Promise.withResolvers<void>();
  void (async () => {
    for (;;) {
      const { value, done } = await signals.next();
      if (done) return;
      if (value.kind === "connected") ready.resolve();
      if (value.kind !== "domain" || value.uuid !== uuid) continue;
      if (value.what.startsWith("suspended")) since ??= performance.now();
      else if (value.what.startsWith("resumed") && since !== undefined) {
        stood.push(performance.now() - since);
        since = undefined;
      }
    }
  })().catch(ready.reject);
  await ready.promise;
  const running = () => (since === undefined ? [] : [performance.now() - since]);
  return {
    all: () => stood,
    over: (ms) => [...stood, ...running()].filter((it) => it > ms).length,
  };
}
