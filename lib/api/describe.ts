import type { z } from "@hono/zod-openapi";
import { errorBody } from "../contract/index.ts";

/** Short forms for what routes take and answer. */

export const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});

export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { "application/json": { schema } },
});

export const refused = { default: json("Refused: why, which input, and the cure", errorBody) };
