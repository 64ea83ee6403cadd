import { z } from "zod";
import { jointTable } from "../../model/index.ts";
import { customerEvent, protocolVersion, providerEvent } from "./envelope.ts";
import { managerCloseCodes, managerFrame, managerLeaseMs, providerFrame, sensorsBody } from "./frames.ts";

/** Ids and instants as they are on the wire, before they are taken for ours. */
const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

/** The protocol's messages and frames as JSON Schemas (draft 2020-12), for those who write a manager. Kept in docs/protocol-schemas.json. */
export const protocolSchemas = () => ({
  protocol: protocolVersion,
  leaseMs: managerLeaseMs,
  closeCodes: managerCloseCodes,
  /** CloudEvents, over the socket and to endpoints. */
  providerEvent: schemaOf(providerEvent),
  /** CloudEvents, over the socket and as the body of POST /api/v1/collaboration/messages. */
  customerEvent: schemaOf(customerEvent),
  /** The body of POST /api/v1/collaboration/sensors. */
  sensorsBody: schemaOf(sensorsBody),
  /** Over the WebSocket /manager. */
  managerFrame: schemaOf(managerFrame),
  providerFrame: schemaOf(providerFrame),
  /** The first row that fits both views is the conclusion. A field that is missing may be whatever it is. */
  jointTable,
});
