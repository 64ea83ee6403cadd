import type { ServerSpec } from "../description/index.ts";
import type { Act, HandsContext, ServerHands } from "../servers.ts";
import { dropBefore } from "../wrappers/mariadb/door.ts";
import { savedAtOf } from "./saving.ts";

type Context = Pick<HandsContext, "notes" | "stateDir"> & { readonly hands: Pick<ServerHands, "health" | "save"> };

/**
 * After their VM went back: what was saved and recorded of the time that was undone would bring it back, and lose what came since. So each is
 * saved at once, and its recording begins anew. Gives those that could not be saved: the next `run` does that before anything else, and
 * until then they keep what there is.
 */
export async function savedAnew(
  { hands, notes, stateDir }: Context,
  servers: readonly ServerSpec[],
  act: Act,
): Promise<readonly { readonly name: string; readonly words: string }[]> {
  const tried = await Promise.all(
    servers.map(async (server) => {
      const { name } = server;
      await notes.forget(savedAtOf(name));
      try {
        const health = await hands.health(server, act);
        if (!health.ok) return { name, words: health.words };
        await hands.save(server, act);
      } catch (error) {
        act.signal.throwIfAborted();
        return { name, words: error instanceof Error ? error.message : String(error) };
      }
      await notes.remember(savedAtOf(name), Date.now());
      if (server.kind === "mariadb") await dropBefore({ stateDir }, name, undefined);
      return [];
    }),
  );
  return tried.flat();
}
