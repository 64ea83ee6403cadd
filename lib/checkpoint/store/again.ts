import type { Core } from "./core.ts";
import type { Manifest } from "./manifests.ts";
import { Marks } from "./marks.ts";
import { audit } from "./verify.ts";

/** Reads it again, and says what it is where the disk gives it now. */
async function know(core: Core, manifest: Manifest): Promise<void> {
  await core.manifests.readAgain(manifest);
  if (!manifest.read || manifest.dropped) return;
  await core.damage.assessOne(manifest);
  if (!manifest.unsure) await audit(core, new Marks(), [manifest]); // nobody looked for its segments yet
}

/** What a checkpoint builds on and could not be read is read again, from the oldest on, as far as the disk gives it now. */
export async function knowChain(core: Core, checkpoint: string): Promise<void> {
  let before: Manifest | undefined;
  for (let at = core.manifests.unsureOf(checkpoint); at && at !== before; at = core.manifests.unsureOf(checkpoint)) {
    before = at;
    await know(core, at);
  }
}

/** Now and then, what could not be read is read again: a disk's fault may pass, and until it does nothing is freed. */
export class Again {
  private readonly core: Core;
  private readonly everyMs: number;
  private readonly signal: AbortSignal;
  private round: Promise<void> | undefined;
  private atMs = 0;

  constructor(core: Core, everyMs: number, signal: AbortSignal) {
    this.core = core;
    this.everyMs = everyMs;
    this.signal = signal;
  }

  /** At most one round at a time, and a pause after each. Resolves when the one that is under way is over. */
  soon(): Promise<void> {
    if (!this.round && performance.now() >= this.atMs && !this.signal.aborted)
      this.round = this.all().finally(() => {
        this.round = undefined;
        this.atMs = performance.now() + this.everyMs;
      });
    return this.round ?? Promise.resolve();
  }

  private async all(): Promise<void> {
    const { core, signal } = this;
    await core.ready.catch(() => {});
    // The older ones first: others build on them.
    const own = core.manifests.every().filter(({ unsure }) => unsure);
    for (const manifest of own.toSorted((a, b) => a.serial - b.serial)) {
      if (signal.aborted) return;
      if (manifest.unsure) await know(core, manifest);
    }
  }
}
