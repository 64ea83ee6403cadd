import { notifications } from "@mantine/notifications";
import { fetchIntent } from "../../lib/client/index.ts";
import type { IntentId } from "../../lib/model/index.ts";

const lookEveryMs = 400;
const givesUpAfterMs = 20_000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Says that the kill was accepted, and then, in the same place, how it went. */
export function tellOutcome(vmName: string, runId: number, intent: IntentId): void {
  const title = `Kill ${vmName}`;
  const id = notifications.show({
    title,
    message: `Accepted: run ${runId} will be killed.`,
    loading: true,
    autoClose: false,
    withCloseButton: true,
    closeButtonProps: { "aria-label": "Close the notice" },
  });
  void outcomeOf(intent).then((message) =>
    notifications.update({ id, title, message, loading: false, autoClose: 8_000 }),
  );
}

async function outcomeOf(intent: IntentId): Promise<string> {
  const until = Date.now() + givesUpAfterMs;
  while (Date.now() < until) {
    const answer = await fetchIntent(intent);
    if (answer.ok && answer.value.ended) {
      return answer.value.ok ? `Done. ${answer.value.words}` : `Not done. ${answer.value.words}`;
    }
    await pause(lookEveryMs);
  }
  return "Accepted, and not carried out yet. The event log will say when it was.";
}
