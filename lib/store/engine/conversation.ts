import {
  BelayError,
  type ConversationMessage,
  type CustomerMessage,
  type EpochMs,
  type IncidentId,
  type MessageId,
  type OrganizationId,
  type ProviderMessage,
  type RepairId,
} from "../../model/index.ts";
import { toJson } from "../json.ts";
import { toMessage } from "../rows/collaboration.ts";
import { instant, instantOrNull } from "../rows/narrow.ts";
import type { Write } from "../write/writer.ts";

interface Place {
  readonly id: MessageId;
  readonly organizationId: OrganizationId;
  readonly incidentId: IncidentId | null;
  readonly repairId: RepairId | null;
}

/** Puts a message at the end of its thread, and tells it to both parties' pages. */
export async function putMessage(
  tx: Write,
  { id, organizationId, incidentId, repairId }: Place,
  said:
    | { readonly from: "provider"; readonly key: string; readonly message: ProviderMessage }
    | {
        readonly from: "customer";
        readonly by: string;
        readonly message: CustomerMessage;
        /** null: the engine has something to do about it. */
        readonly settledAt: EpochMs | null;
      },
  at: EpochMs,
): Promise<ConversationMessage> {
  const owner = await tx.db.organization.findUnique({ where: { id: organizationId } });
  if (owner === null) throw new BelayError("not-found", `There is no organization ${organizationId}.`);
  const { from, message } = said;
  // Nobody can put another before we commit; the unique indexes are there for hands other than ours.
  const { _max } = await tx.db.conversationMessage.aggregate({
    where: { organizationId, incidentId, from },
    _max: { sequence: true },
  });
  const sequence = (_max.sequence ?? 0) + 1;
  const own = from === "provider" ? { key: said.key } : { by: said.by, settledAt: instantOrNull(said.settledAt) };
  const row = await tx.db.conversationMessage.create({
    data: {
      ...{ id, organizationId, incidentId, repairId, from, sequence, kind: message.kind },
      ...own,
      at: instant(at),
      message: toJson(message),
    },
  });
  const told = toMessage(row);
  const words =
    from === "provider" ? `Belay says to ${owner.name}: ${message.kind}.` : `${owner.name} says: ${message.kind}.`;
  tx.emit(at, words, { kind: "conversation.changed", organizationId, incidentId, message: told });
  return told;
}
