import type { CollaborationServiceStore } from "../../engine/ports.ts";
import type { Parts } from "../parts.ts";
import { toMessage } from "../rows/collaboration.ts";
import { idOf, idOrNull, instant } from "../rows/narrow.ts";
import { channels } from "../write/channels.ts";

type Conversation = Pick<CollaborationServiceStore, "undelivered" | "recordReceived" | "conversation" | "onSayings">;

/** Of the organization's own thread, which never ends; and of an incident's, which is not longer in any repair that goes its way. */
const mostOfOwn = 200;
const mostOfIncident = 2000;
const mostUndelivered = 1000;

/** The conversation as it is delivered and read. */
export const serviceConversation = ({ database, write, listener }: Parts): Conversation => ({
  async undelivered(organizationId, limit) {
    const rows = await database.conversationMessage.findMany({
      where: { organizationId, from: "provider", receivedAt: null },
      orderBy: { position: "asc" },
      take: Math.max(0, Math.min(limit, mostUndelivered)),
    });
    return rows.map(toMessage);
  },

  /** The first who has it counts. What is not theirs, or no message at all, is nothing. */
  recordReceived: (organizationId, id, at) =>
    write(async ({ db, emit }) => {
      const mine = { id, organizationId, from: "provider", receivedAt: null };
      const { count } = await db.conversationMessage.updateMany({ where: mine, data: { receivedAt: instant(at) } });
      if (count === 0) return;
      const row = await db.conversationMessage.findUniqueOrThrow({ where: { id }, include: { organization: true } });
      emit(at, `${row.organization.name} has ${row.kind}.`, {
        kind: "conversation.changed",
        organizationId: idOf("org", row.organizationId),
        incidentId: idOrNull("inc", row.incidentId),
        message: toMessage(row),
      });
    }),

  async conversation(organizationId, incidentId) {
    const rows = await database.conversationMessage.findMany({
      where: { organizationId, incidentId },
      orderBy: { position: "desc" },
      take: incidentId === null ? mostOfOwn : mostOfIncident,
    });
    return rows.reverse().map(toMessage);
  },

  onSayings: (wake) =>
    listener.on(channels.wakes, (payload) => {
      if (payload === undefined || payload === "sayings") wake();
    }),
});
