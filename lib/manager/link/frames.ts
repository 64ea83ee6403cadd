import { z } from "zod";
import { messageId, type ProviderFrame, providerFrame } from "../../contract/index.ts";
import type { MessageId } from "../decide/index.ts";

/** What the provider sent, judged. A frame or a kind of message that this version does not know is a newer provider's, and no fault. */
export type Heard =
  | { readonly is: "frame"; readonly frame: ProviderFrame }
  | { readonly is: "unknown"; readonly what: string; readonly message: MessageId | null }
  | { readonly is: "bad"; readonly words: string };

const knownTypes: ReadonlySet<string> = new Set(["welcome", "standing", "message", "taken", "refused", "beat"]);
const knownKinds: ReadonlySet<string> = new Set([
  "vm.failed",
  "repair.proposed",
  "vm.restarted",
  "repair.changed",
  "diagnosis.asked",
  "diagnosis.answered",
  "maintenance.announced",
  "maintenance.ended",
]);

const anyFrame = z.looseObject({ type: z.string() });
const anyMessage = z.looseObject({ id: messageId, data: z.looseObject({ kind: z.string() }) });

export function hearFrame(text: string): Heard {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { is: "bad", words: "a frame that is no JSON" };
  }
  const known = providerFrame.safeParse(value);
  if (known.success) return { is: "frame", frame: known.data };
  const frame = anyFrame.safeParse(value);
  if (!frame.success) return { is: "bad", words: "a frame without a type" };
  if (!knownTypes.has(frame.data.type)) return { is: "unknown", what: `frame ${frame.data.type}`, message: null };
  const message = frame.data.type === "message" ? anyMessage.safeParse(frame.data.message) : undefined;
  if (message?.success && !knownKinds.has(message.data.data.kind))
    return { is: "unknown", what: `message ${message.data.data.kind}`, message: message.data.id };
  return { is: "bad", words: `a frame ${frame.data.type} of another form` };
}
