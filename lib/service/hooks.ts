import type { z } from "zod";
import type { HookView, hookBody } from "../contract/index.ts";
import { BelayError, can, type Hook, type HookId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";

type Body = z.infer<typeof hookBody>;

const view = (hook: Hook): HookView => ({ ...hook });
const same = (one: Body, other: Hook) =>
  one.program === other.program && one.cause === other.cause && JSON.stringify(one.args) === JSON.stringify(other.args);

export function hookService({ store, clock, ids }: ServiceDeps) {
  const hookOf = async (id: HookId) =>
    found(
      "hook",
      (await store.hooks()).find((it) => it.id === id),
      () => true,
    );

  /** Two repairs of one failure would work against each other, and a hook twice would be run twice. */
  const refuseTwice = async (body: Body, self?: HookId) => {
    const others = (await store.hooks()).filter((it) => it.id !== self);
    if (others.some((it) => same(body, it)))
      throw new BelayError("conflict", `${body.program} is run for this failure already, with the same arguments.`, {
        field: "program",
        cure: "Change the hook that there is.",
      });
    const rival = others.find((it) => it.enabled && it.role === "instead" && it.cause === body.cause);
    if (body.enabled && body.role === "instead" && rival !== undefined)
      throw new BelayError("conflict", `${rival.program} is already the repair of this failure.`, {
        field: "role",
        cure: `Choose "beside", or switch ${rival.program} off first.`,
      });
  };

  return {
    async hooks(viewer: Viewer): Promise<HookView[]> {
      must(can.manageHooks(viewer));
      return (await store.hooks()).map(view);
    },

    async addHook(viewer: Viewer, body: Body): Promise<HookView> {
      must(can.manageHooks(viewer));
      await refuseTwice(body);
      return view(await store.putHook({ ...body, id: ids.next("hok") }, viewer, clock.now()));
    },

    async changeHook(viewer: Viewer, id: HookId, body: Body): Promise<HookView> {
      must(can.manageHooks(viewer));
      const hook = await hookOf(id);
      await refuseTwice(body, hook.id);
      return view(await store.putHook({ ...body, id: hook.id }, viewer, clock.now()));
    },

    async removeHook(viewer: Viewer, id: HookId): Promise<void> {
      must(can.manageHooks(viewer));
      const hook = await hookOf(id);
      await store.removeHook(hook.id, viewer, clock.now());
    },
  };
}
