import { z } from "@hono/zod-openapi";
import { errorBody, organizationId } from "../contract/index.ts";

/** Short forms for what routes take and answer. */

export const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});

export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { "application/json": { schema } },
});

/** The same key again is the same request, so it can be sent again after a lost reply. */
export const idempotency = z.object({
  "idempotency-key": z.string({ error: "is required: a text that is new for each new request" }).min(1).max(200),
});

/** Providers name the customer that they ask about; customers ask about their own. */
export const ofOrganization = z.object({ organizationId: organizationId.optional() });

export const refused = { default: json("Refused: why, which input, and the cure", errorBody) };
