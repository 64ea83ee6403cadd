import { eventType, type ManagerFrame, managerFrame, type ProviderEvent } from "../contract/index.ts";
import { BelayError, type ConversationMessage, type MessageId, parseId } from "../model/index.ts";

/** Between what is kept and what is sent. */

export type Said = Extract<ConversationMessage, { readonly from: "provider" }>;

export const isSaid = (message: ConversationMessage): message is Said => message.from === "provider";

/** Names the provider in `source`: the protocol has no use for more, and a server's address is not told. */
export const source = "belay";

export const providerEventOf = (said: Said): ProviderEvent => ({
  specversion: "1.0",
  id: said.id,
  source,
  type: eventType(said.message.kind),
  ...(said.incidentId !== null && { subject: said.incidentId }),
  time: new Date(said.at).toISOString(),
  datacontenttype: "application/json",
  sequence: String(said.sequence),
  data: said.message,
});

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly cure?: string;
}

/** undefined for what is no refusal but a failure of ours. */
export const refusalOf = (error: unknown): Refusal | undefined =>
  error instanceof BelayError
    ? {
        code: error.code,
        message: error.message,
        ...(error.field !== undefined && { field: error.field }),
        ...(error.cure !== undefined && { cure: error.cure }),
      }
    : undefined;

export type Parsed =
  | { readonly kind: "frame"; readonly frame: ManagerFrame }
  /** A message or a report that can be refused by itself: the rest of the conversation goes on. */
  | { readonly kind: "wrong"; readonly id: MessageId | null; readonly error: Refusal }
  /** Nothing of this protocol. */
  | { readonly kind: "noise"; readonly words: string };

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;

export function parseFrame(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "noise", words: "a frame is a JSON text" };
  }
  const read = managerFrame.safeParse(value);
  if (read.success) return { kind: "frame", frame: read.data };
  const issue = read.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  const words = `${field}: ${issue?.message ?? "not valid"}`;
  const type = member(value, "type");
  if (type !== "message" && type !== "sensors")
    return { kind: "noise", words: words.replace(/[^ -~]/g, "?").slice(0, 100) }; // a close carries 123 bytes
  const id = member(member(value, "message"), "id");
  const cure = "The form of every message is at /api/v1/collaboration/schemas.";
  return {
    kind: "wrong",
    id: typeof id === "string" ? (parseId("msg", id) ?? null) : null,
    error: { code: "bad-input", message: words, field, cure },
  };
}
