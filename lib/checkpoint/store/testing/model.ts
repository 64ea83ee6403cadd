import type { ByteStore, Volume } from "../../words.ts";
import { capture, factsOf, gathered, isJust } from "./captures.ts";

type Pages = ReadonlyMap<number, number>;
interface Held {
  readonly vm: string;
  readonly volumes: ReadonlyMap<string, { readonly volume: Volume; readonly pages: Pages }>;
}

/** What a store should hold, kept as plain maps of seeds. */
export class Model {
  readonly held = new Map<string, Held>();

  put(
    id: string,
    vm: string,
    base: string | null,
    sent: readonly { readonly volume: Volume; readonly pages: Pages }[],
  ) {
    const before = base === null ? undefined : this.held.get(base);
    const volumes = new Map<string, { volume: Volume; pages: Pages }>();
    for (const { volume, pages } of sent) {
      const now = new Map([...(before?.volumes.get(volume.name)?.pages ?? []), ...pages]);
      for (const [number, seed] of now) if (seed === 0 || number >= volume.sizeBytes / 4096) now.delete(number);
      volumes.set(volume.name, { volume, pages: now });
    }
    this.held.set(id, { vm, volumes });
  }

  /** In words, what is not as it should be; undefined: all is. */
  async wrong(store: ByteStore): Promise<string | undefined> {
    for (const [id, { vm, volumes }] of this.held) {
      if (!(await store.get(id))) return `${id} is not there`;
      if (!(await store.list(vm)).some(({ facts }) => facts.checkpoint === id)) return `${id} is not listed`;
      for (const [name, { pages }] of volumes)
        if (!isJust((await gathered(store.read(id, name))).pages, pages)) return `${name} of ${id} is another`;
    }
    const { checkpoints } = await store.stats();
    return checkpoints === this.held.size ? undefined : `${checkpoints} checkpoints instead of ${this.held.size}`;
  }

  /** Whether `read(to, since from)` makes of the one volume the other. */
  async differs(store: ByteStore, from: string, to: string): Promise<boolean> {
    for (const [name, { pages }] of this.held.get(to)?.volumes ?? []) {
      const { pages: read } = await gathered(store.read(to, name, from));
      const seeds = new Map(this.held.get(from)?.volumes.get(name)?.pages ?? []);
      for (const number of read.keys()) {
        const seed = pages.get(number) ?? 0;
        if (!isJust(new Map([[number, read.get(number) ?? "zero"]]), new Map([[number, seed]]))) return true;
        if (seed === 0) seeds.delete(number);
        else seeds.set(number, seed);
      }
      if (seeds.size !== pages.size || [...pages].some(([number, seed]) => seeds.get(number) !== seed)) return true;
    }
    return false;
  }
}

export const putInto = (
  store: ByteStore,
  id: string,
  vm: string,
  base: string | null,
  sent: Parameters<Model["put"]>[3],
  organization: string | null = "org_one",
) => store.put(capture(factsOf({ checkpoint: id, vm, base, organization }), sent));
