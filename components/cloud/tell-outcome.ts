import { notifications } from "@mantine/notifications";
import { fetchIntent } from "../../lib/client/index.ts";
import type { IntentId } from "../../lib/model/index.ts";

const lookEveryMs = 400;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface Asked {
  readonly title: string;
  /** Said while it is under way. */
  readonly accepted: string;
  readonly intent: IntentId;
  readonly givesUpAfterMs: number;
}

/** Says that something was accepted, and then, in the same place, how it went. Answers whether it was done. */
export async function tellOutcome({ title, accepted, intent, givesUpAfterMs }: Asked): Promise<boolean> {
  const id = notifications.show({
    title,
    message: accepted,
    loading: true,
    autoClose: false,
    withCloseButton: true,
    closeButtonProps: { "aria-label": "Close the notice" },
  });
  const { done, message } = await outcomeOf(intent, givesUpAfterMs);
  notifications.update({ id, title, message, loading: false, autoClose: 8_000 });
  return done;
}

async function outcomeOf(intent: IntentId, givesUpAfterMs: number): Promise<{ done: boolean; message: string }> {
  const until = Date.now() + givesUpAfterMs;
  while (Date.now() < until) {
    const answer = await fetchIntent(intent);
    if (answer.ok && answer.value.ended) {
      const { ok, words } = answer.value;
      return { done: ok, message: `${ok ? "Done." : "Not done."} ${words}` };
    }
    await pause(lookEveryMs);
  }
  return { done: false, message: "Accepted, and not carried out yet. The event log will say when it was." };
}
