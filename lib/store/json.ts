import type { Prisma } from "./generated/client.ts";

/** A value of the model as the plain JSON that a column takes. */
export function toJson(value: object): Prisma.InputJsonValue {
  const json: Prisma.InputJsonValue = JSON.parse(JSON.stringify(value));
  return json;
}
