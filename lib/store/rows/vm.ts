import { z } from "zod";
import {
  type AnswerCheck,
  consentLadder,
  type Vm,
  vmStateNames,
  vmStateReasons,
  wantedStates,
} from "../../model/index.ts";
import type { Vm as VmRow } from "../generated/client.ts";
import { epochMs, idOf, idOrNull, oneOf } from "./narrow.ts";

const answerCheck = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("agent") }),
  z.object({ kind: z.literal("icmp"), address: z.string() }),
  z.object({ kind: z.literal("tcp"), address: z.string(), port: z.int() }),
]) satisfies z.ZodType<AnswerCheck>;

export const toVm = (row: VmRow): Vm => ({
  id: idOf("vm", row.id),
  hostId: idOf("hst", row.hostId),
  organizationId: idOrNull("org", row.organizationId),
  applicationId: idOrNull("app", row.applicationId),
  imageId: idOrNull("img", row.imageId),
  name: row.name,
  uuid: row.uuid,
  memoryMiB: row.memoryMiB,
  vcpus: row.vcpus,
  wanted: oneOf(wantedStates, row.wanted, "vm.wanted"),
  state: oneOf(vmStateNames, row.state, "vm.state"),
  reason: oneOf(vmStateReasons, row.reason, "vm.reason"),
  stateSince: epochMs(row.stateSince),
  runId: row.runId,
  persistent: row.persistent,
  answerCheck: answerCheck.parse(row.answerCheck),
  consent: oneOf(consentLadder, row.consent, "vm.consent"),
  generation: row.generation,
  movingTo: idOrNull("hst", row.movingTo),
  priority: row.priority,
  apart: row.apart,
  together: row.together,
  rollbackIntolerant: row.rollbackIntolerant,
  diskPaths: row.diskPaths,
  checkpointEveryMs: row.checkpointEveryMs,
  standby: row.standby,
  checkpointGroup: row.checkpointGroup,
  address: row.address,
});
