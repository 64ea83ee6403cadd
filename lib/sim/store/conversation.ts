import { isDeepStrictEqual } from "node:util";
import type { CollaborationServiceStore, CollaborationStore, Heard } from "../../engine/ports.ts";
import {
  BelayError,
  type ConversationMessage,
  type CustomerMessage,
  diagnosisRefusal,
  type EpochMs,
  isOfRepair,
  maintenanceRefusal,
  mostHeardOfRepair,
  mostUnsettled,
  type OrganizationId,
  repairMessageRefusal,
  type VmId,
} from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import { need, openIncidentOf, type Tables } from "./tables.ts";

type ForEngine = Pick<CollaborationStore, "say" | "heardOf" | "unsettled" | "settle">;
type ForPeople = Pick<CollaborationServiceStore, "undelivered" | "recordReceived" | "hear" | "conversation">;
type Asked = Parameters<CollaborationServiceStore["hear"]>[0];

const mostOfOwn = 200;
const mostOfIncident = 2000;
const mostUndelivered = 1000;

const isHeard = (message: ConversationMessage): message is Heard => message.from === "customer";

/** Where a message stands: all but its number in the thread. */
type Place = Pick<ConversationMessage, "id" | "organizationId" | "incidentId" | "repairId" | "at">;

const ofOrganization = (tables: Tables, organization: OrganizationId): ConversationMessage[] =>
  [...tables.by.messagesOf.of(organization)].map((row) => row.message);

/** How many of this sender are in the thread, with the one to come. */
function nextSequence(
  tables: Tables,
  { organizationId, incidentId }: Place,
  from: ConversationMessage["from"],
): number {
  need(tables.organizations, organizationId, "organization");
  return (
    1 + ofOrganization(tables, organizationId).filter((it) => it.incidentId === incidentId && it.from === from).length
  );
}

function tell({ log }: Parts, message: ConversationMessage, at: EpochMs, words: string): void {
  const { organizationId, incidentId } = message;
  log.append(at, words, { kind: "conversation.changed", organizationId, incidentId, message });
}

export function engineConversation(parts: Parts): ForEngine {
  const { tables, ids } = parts;
  return {
    async say({ key, message, ...thread }, at) {
      const [known] = tables.by.messageKey.of(key);
      if (known) return known.message.id;
      const id = ids.next("msg");
      const place: Place = { id, ...thread, at };
      const sequence = nextSequence(tables, place, "provider");
      const said: ConversationMessage = { ...place, sequence, from: "provider", message, receivedAt: null };
      tables.messages.set(id, { message: said, key, settledAt: null });
      const owner = need(tables.organizations, thread.organizationId, "organization");
      tell(parts, said, at, `Belay says to ${owner.name}: ${message.kind}.`);
      parts.wakeDelivery();
      return id;
    },
    heardOf: async (repair) => [...tables.by.messagesOfRepair.of(repair)].map((row) => row.message).filter(isHeard),
    unsettled: async () => [...tables.by.unsettledMessage.of("unsettled")].map((row) => row.message).filter(isHeard),
    async settle(id, settledAt) {
      const row = tables.messages.get(id);
      if (row?.message.from === "customer" && row.settledAt === null) tables.messages.set(id, { ...row, settledAt });
    },
  };
}

function refuse(refusal: string | undefined): void {
  if (refusal !== undefined) throw new BelayError("conflict", refusal);
}

function checkEpoch({ managers }: Tables, { organizationId, epoch }: Asked, at: EpochMs): void {
  const row = managers.get(organizationId);
  if (epoch !== null && epoch !== row?.standing.epoch)
    throw new BelayError("conflict", "Another manager of this organization is the active one.", { field: "epoch" });
  if (epoch === null && row?.standing.connected && row.until > at)
    throw new BelayError("conflict", "A manager of this organization is connected: it alone answers.", {
      field: "epoch",
    });
}

function checkVm(tables: Tables, organization: OrganizationId, id: VmId): void {
  const row = tables.vms.get(id);
  if (row === undefined || row.removed || row.vm.organizationId !== organization)
    throw new BelayError("not-found", `There is no VM ${id}.`, { field: "vmId" });
}

type Thread = Pick<ConversationMessage, "incidentId" | "repairId">;

/** Where it belongs, once it is known that it is theirs and awaited. */
function threadOf(tables: Tables, organizationId: OrganizationId, message: CustomerMessage, at: EpochMs): Thread {
  if (isOfRepair(message)) {
    const repair = tables.repairs.get(message.repair);
    const incident = repair && tables.incidents.get(repair.incidentId);
    if (!repair || incident?.organizationId !== organizationId)
      throw new BelayError("not-found", `There is no repair ${message.repair}.`, { field: "repair" });
    const said = [...tables.by.messagesOfRepair.of(repair.id)]
      .map((row) => row.message)
      .filter((it) => it.organizationId === organizationId);
    refuse(repairMessageRefusal(repair, said, message, at));
    if (said.filter(isHeard).length >= mostHeardOfRepair)
      throw new BelayError("conflict", `More than ${mostHeardOfRepair} messages are not taken of one repair.`);
    return { incidentId: repair.incidentId, repairId: repair.id };
  }
  const all = ofOrganization(tables, organizationId);
  if (message.kind === "diagnosis.asked") {
    checkVm(tables, organizationId, message.vmId);
    const open = openIncidentOf(tables, message.vmId);
    return { incidentId: open?.organizationId === organizationId ? open.id : null, repairId: null };
  }
  if (message.kind === "diagnosis.answered") {
    const asked = all.find((it) => it.id === message.question && it.from === "provider");
    if (!asked) throw new BelayError("not-found", `There is no question ${message.question}.`, { field: "question" });
    refuse(diagnosisRefusal(all, message.question, at));
    return { incidentId: asked.incidentId, repairId: asked.repairId };
  }
  checkVm(tables, organizationId, message.vmId);
  const ofWork = all.filter((it) => "work" in it.message && it.message.work === message.work);
  refuse(maintenanceRefusal(ofWork, message, at));
  return { incidentId: ofWork[0]?.incidentId ?? null, repairId: null };
}

export function peopleConversation(parts: Parts): ForPeople {
  const { tables } = parts;
  return {
    undelivered: async (organization, limit) =>
      ofOrganization(tables, organization)
        .filter((it) => it.from === "provider" && it.receivedAt === null)
        .slice(0, Math.max(0, Math.min(limit, mostUndelivered))),

    async recordReceived(organization, id, receivedAt) {
      const row = tables.messages.get(id);
      if (row?.message.from !== "provider" || row.message.organizationId !== organization) return;
      if (row.message.receivedAt !== null) return;
      const message = { ...row.message, receivedAt };
      tables.messages.set(id, { ...row, message });
      const owner = need(tables.organizations, organization, "organization");
      tell(parts, message, receivedAt, `${owner.name} has ${message.message.kind}.`);
    },

    async hear(heard, at) {
      const { id, organizationId, message, by } = heard;
      const known = tables.messages.get(id)?.message;
      if (known) {
        const same = known.organizationId === organizationId && isDeepStrictEqual(known.message, message);
        if (same && known.from === "customer") return known;
        throw new BelayError("conflict", `The id ${id} was used for another message.`, { field: "id" });
      }
      checkEpoch(tables, heard, at);
      const thread = threadOf(tables, organizationId, message, at);
      const isSettled = isOfRepair(message);
      const waiting = [...tables.by.unsettledMessage.of("unsettled")].filter(
        (row) => row.message.organizationId === organizationId,
      ).length;
      if (!isSettled && waiting >= mostUnsettled)
        throw new BelayError("conflict", `${waiting} messages already wait for Belay.`);
      const place: Place = { id, organizationId, ...thread, at };
      const sequence = nextSequence(tables, place, "customer");
      const told: ConversationMessage = { ...place, sequence, from: "customer", message, by };
      tables.messages.set(id, { message: told, key: null, settledAt: isSettled ? at : null });
      const owner = need(tables.organizations, organizationId, "organization");
      tell(parts, told, at, `${owner.name} says: ${message.kind}.`);
      parts.wake("messages");
      return told;
    },

    conversation: async (organization, incident) =>
      ofOrganization(tables, organization)
        .filter((it) => it.incidentId === incident)
        .slice(-(incident === null ? mostOfOwn : mostOfIncident)),
  };
}
