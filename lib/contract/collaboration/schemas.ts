import { z } from "zod";
import { jointTable } from "../../model/index.ts";
import { keepCheckpointBody, restoreBesideBody, restoreCheckpointBody } from "../bodies.ts";
import { checkpointView } from "../checkpoint-views.ts";
import { checkpointList, intentAccepted, intentView } from "../replies.ts";
import { customerEvent, endpointTest, protocolVersion, providerEvent } from "./envelope.ts";
import {
  endpointLeaseMs,
  managerCloseCodes,
  managerFrame,
  managerLeaseMs,
  providerFrame,
  sensorsBody,
  standingBody,
  standingReply,
} from "./frames.ts";

/** Ids and instants as they are on the wire, before they are taken for ours. */
const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

/** The protocol's messages and frames as JSON Schemas (draft 2020-12), for those who write a manager. Kept in docs/protocol-schemas.json. */
export const protocolSchemas = () => ({
  protocol: protocolVersion,
  leaseMs: managerLeaseMs,
  endpointLeaseMs,
  closeCodes: managerCloseCodes,
  /** CloudEvents, over the socket and to endpoints. */
  providerEvent: schemaOf(providerEvent),
  /** CloudEvents, over the socket and as the body of POST /api/v1/collaboration/messages. */
  customerEvent: schemaOf(customerEvent),
  /** The CloudEvent that is sent to an endpoint when it is tested. */
  endpointTest: schemaOf(endpointTest),
  /** The body of POST /api/v1/collaboration/standing, and its answer. */
  standingBody: schemaOf(standingBody),
  standingReply: schemaOf(standingReply),
  /** The body of POST /api/v1/collaboration/sensors. */
  sensorsBody: schemaOf(sensorsBody),
  /** Over the WebSocket /manager. */
  managerFrame: schemaOf(managerFrame),
  providerFrame: schemaOf(providerFrame),
  /** Saved states on call: the answers and bodies of its routes. */
  savedStates: schemaOf(checkpointList),
  savedState: schemaOf(checkpointView),
  restoreBody: schemaOf(restoreCheckpointBody),
  restoreBesideBody: schemaOf(restoreBesideBody),
  keepBody: schemaOf(keepCheckpointBody),
  intentAccepted: schemaOf(intentAccepted),
  intent: schemaOf(intentView),
  /** The first row that fits both views is the conclusion. A field that is missing may be whatever it is. */
  jointTable,
});
