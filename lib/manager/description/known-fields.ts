import { z } from "zod";
import type { FieldPath } from "./fault.ts";
import { descriptionSchema } from "./schema.ts";

/** The published JSON Schema, of what people write: fields with a default may be left out. */
export const applicationJsonSchema = () =>
  z.toJSONSchema(descriptionSchema, { io: "input", target: "draft-2020-12", unrepresentable: "any" });

const node = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  oneOf: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  description: z.string().optional(),
});
type Node = z.infer<typeof node>;

const asNode = (value: unknown): Node | undefined => {
  const parsed = node.safeParse(value);
  return parsed.success ? parsed.data : undefined;
};

let root: Node | undefined;

/** Of several forms, the one whose `kind` the value has. */
function formOf(schema: Node, value: unknown): Node {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  for (const option of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) {
    const form = asNode(option);
    if (form !== undefined && asNode(form.properties?.kind)?.const === kind) return form;
  }
  return schema;
}

const childOf = (value: unknown, part: string | number): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined;

/** The fields that may stand at `path` of `value`, for a cure. */
export function knownFields(path: FieldPath, value: unknown): readonly string[] {
  root ??= asNode(applicationJsonSchema());
  let schema = root;
  let here = value;
  for (const part of path) {
    if (schema === undefined) return [];
    schema = formOf(schema, here);
    schema = asNode(
      typeof part === "number" ? schema.items : (schema.properties?.[part] ?? schema.additionalProperties),
    );
    here = childOf(here, part);
  }
  return schema === undefined ? [] : Object.keys(formOf(schema, here).properties ?? {});
}

/** The known name that a mistyped one is likely to mean. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((other) => ({ other, away: distance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const best = ranked[0];
  return best !== undefined && best.away <= Math.max(2, Math.floor(name.length / 3)) ? best.other : undefined;
}

/** Levenshtein's, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
