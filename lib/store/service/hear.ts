import { isDeepStrictEqual } from "node:util";
import type { CollaborationServiceStore } from "../../engine/ports.ts";
import {
  BelayError,
  type CustomerMessage,
  diagnosisRefusal,
  type EpochMs,
  type IncidentId,
  isOfRepair,
  maintenanceRefusal,
  mostHeardOfRepair,
  mostUnsettled,
  type OrganizationId,
  type RepairId,
  repairMessageRefusal,
} from "../../model/index.ts";
import { putMessage } from "../engine/conversation.ts";
import type { Prisma } from "../generated/client.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toMessage } from "../rows/collaboration.ts";
import { present } from "../rows/host.ts";
import { toRepair, wholeRepair } from "../rows/incident.ts";
import { epochMs, idOf, idOrNull } from "../rows/narrow.ts";
import type { Write } from "../write/writer.ts";

type Hearing = Pick<CollaborationServiceStore, "hear">;
type Heard = Parameters<CollaborationServiceStore["hear"]>[0];
/** The thread that it belongs to. */
interface Thread {
  readonly incidentId: IncidentId | null;
  readonly repairId: RepairId | null;
}

function refuse(refusal: string | undefined): void {
  if (refusal !== undefined) throw new BelayError("conflict", refusal);
}

async function checkEpoch(tx: Write, { organizationId, epoch }: Heard, at: EpochMs): Promise<void> {
  const claim = await tx.db.managerClaim.findUnique({ where: { organizationId } });
  if (epoch !== null && epoch !== claim?.epoch)
    throw new BelayError("conflict", "Another manager of this organization is the active one.", { field: "epoch" });
  if (epoch === null && claim !== null && claim.releasedAt === null && epochMs(claim.until) > at)
    throw new BelayError("conflict", "A manager of this organization is connected: it alone answers.", {
      field: "epoch",
    });
}

async function said(tx: Write, where: Prisma.ConversationMessageWhereInput) {
  const rows = await tx.db.conversationMessage.findMany({ where, orderBy: { position: "asc" } });
  return rows.map(toMessage);
}

async function checkVm(tx: Write, organizationId: OrganizationId, id: string) {
  const vm = await tx.db.vm.findFirst({ where: { id, organizationId, ...present } });
  if (vm === null) throw new BelayError("not-found", `There is no VM ${id}.`, { field: "vmId" });
}

/** Where it belongs, once it is known that it is theirs and awaited. */
async function threadOf(tx: Write, organizationId: OrganizationId, message: CustomerMessage, at: EpochMs) {
  if (isOfRepair(message)) return repairThread(tx, organizationId, message, at);
  if (message.kind === "diagnosis.asked") {
    await checkVm(tx, organizationId, message.vmId);
    const open = await tx.db.incident.findFirst({ where: { vmId: message.vmId, endedAt: null, organizationId } });
    return { incidentId: idOrNull("inc", open?.id ?? null), repairId: null };
  }
  if (message.kind === "diagnosis.answered") {
    const { question } = message;
    const asked = await tx.db.conversationMessage.findFirst({
      where: { id: question, organizationId, from: "provider" },
    });
    if (asked === null) throw new BelayError("not-found", `There is no question ${question}.`, { field: "question" });
    const later = { organizationId, kind: "diagnosis.answered", from: "customer", position: { gt: asked.position } };
    const answers = await said(tx, { ...later, message: { path: ["question"], equals: question } });
    refuse(diagnosisRefusal([toMessage(asked), ...answers], question, at));
    return { incidentId: idOrNull("inc", asked.incidentId), repairId: idOrNull("rep", asked.repairId) };
  }
  await checkVm(tx, organizationId, message.vmId);
  const ofWork = { organizationId, message: { path: ["work"], equals: message.work } };
  const thread = await said(tx, ofWork);
  refuse(maintenanceRefusal(thread, message, at));
  return { incidentId: thread[0]?.incidentId ?? null, repairId: null };
}

async function repairThread(
  tx: Write,
  organizationId: OrganizationId,
  message: Extract<CustomerMessage, { readonly repair: unknown }>,
  at: EpochMs,
): Promise<Thread> {
  const repairId = message.repair;
  const row = await tx.db.repair.findFirst({
    where: { id: repairId, incident: { organizationId } },
    include: wholeRepair,
  });
  if (row === null) throw new BelayError("not-found", `There is no repair ${repairId}.`, { field: "repair" });
  const thread = await said(tx, { repairId, organizationId });
  refuse(repairMessageRefusal(toRepair(row), thread, message, at));
  if (thread.filter((it) => it.from === "customer").length >= mostHeardOfRepair)
    throw new BelayError("conflict", `More than ${mostHeardOfRepair} messages are not taken of one repair.`);
  return { incidentId: idOf("inc", row.incidentId), repairId };
}

/** What customers say. */
export const serviceHear = ({ write }: Parts): Hearing => ({
  hear: (heard, at) =>
    write(async (tx) => {
      const { id, organizationId, message, by } = heard;
      // What was taken is taken, also where it would be refused by now: its reply was lost.
      const known = await tx.db.conversationMessage.findUnique({ where: { id } });
      if (known !== null) {
        const same = known.organizationId === organizationId && isDeepStrictEqual(known.message, toJson(message));
        if (same && known.from === "customer") return toMessage(known);
        throw new BelayError("conflict", `The id ${id} was used for another message.`, {
          field: "id",
          cure: "Take a new id for a new message.",
        });
      }
      await checkEpoch(tx, heard, at);
      const place = await threadOf(tx, organizationId, message, at);
      const isSettled = isOfRepair(message); // the repair itself reads it
      const waiting = isSettled
        ? 0
        : await tx.db.conversationMessage.count({ where: { organizationId, from: "customer", settledAt: null } });
      if (waiting >= mostUnsettled)
        throw new BelayError("conflict", `${waiting} messages already wait for Belay.`, {
          cure: "Wait until they are answered.",
        });
      const settledAt = isSettled ? at : null;
      const told = await putMessage(
        tx,
        { id, organizationId, ...place },
        { from: "customer", by, message, settledAt },
        at,
      );
      tx.wake("messages");
      return told;
    }),
});
