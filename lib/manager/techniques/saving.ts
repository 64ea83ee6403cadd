import { setTimeout as sleep } from "node:timers/promises";
import { isSavedByCommand, type ServerOf, type ServerSpec } from "../description/index.ts";
import type { Act, HandsContext, ServerHands } from "../servers.ts";

type Context = HandsContext & { readonly hands: ServerHands };

const saveAgainAfterMs = 5_000;
export const savedAtOf = (server: string) => `saves/${server}/at`;

/** Saves a server every `saveEverySeconds`, also across runs of the manager. Runs until aborted. */
export async function keepSaving(
  { description, notes, log }: HandsContext,
  server: ServerSpec,
  signal: AbortSignal,
  save: (act: Act) => Promise<void>,
): Promise<void> {
  const everyMs = description.alone.saveEverySeconds * 1000;
  let told = "";
  while (!signal.aborted) {
    const last = notes.recall(savedAtOf(server.name));
    const dueInMs = typeof last === "number" ? last + everyMs - Date.now() : 0;
    try {
      await sleep(Math.max(0, dueInMs), undefined, { signal });
      await save({ signal, progress: () => undefined });
      await notes.remember(savedAtOf(server.name), Date.now());
      told = "";
    } catch (error) {
      if (signal.aborted) return;
      const words = error instanceof Error ? error.message : String(error);
      if (words !== told) log(`${server.name} could not be saved: ${words}`);
      told = words;
      await sleep(Math.min(everyMs, saveAgainAfterMs), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Servers whose owner says how they are saved. One that does not work is not: its state may be half of one. */
export async function saveByCommands(context: Context, signal: AbortSignal): Promise<void> {
  const { hands, description } = context;
  const saveWell = (server: ServerOf<"command">) => async (act: Act) => {
    const health = await hands.health(server, act);
    if (!health.ok) throw new Error(health.words);
    await hands.save(server, act);
  };
  const servers = description.servers.filter(isSavedByCommand);
  await Promise.all(servers.map((server) => keepSaving(context, server, signal, saveWell(server))));
}
