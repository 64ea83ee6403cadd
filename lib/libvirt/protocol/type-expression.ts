/**
 * How the protocol table writes a type, in one line of text:
 *
 *   type   = base suffix*
 *   base   = "int" | "uint" | "hyper" | "uhyper" | "double" | "bool" | "char" | "uchar" | "ushort"
 *          | "string" | "opaque" | "chars" | "uuid" | NAME of a struct or union of the table
 *   suffix = "<" MAX ">"      at most MAX bytes (string, opaque, chars) or items (anything else)
 *          | "[" COUNT "]"    exactly COUNT
 *          | "?"              may be absent
 *
 * "chars" is C's `char name<MAX>`: one byte, but four on the wire. Suffixes apply from left to right: `string<10><5>?` is an
 * optional list of at most five strings of at most ten bytes.
 */
export type Limit = { readonly max: number } | { readonly exactly: number };

export const scalars = ["int", "uint", "hyper", "uhyper", "double", "bool", "char", "uchar", "ushort"] as const;
export type Scalar = (typeof scalars)[number];

const byteKinds = ["string", "opaque", "chars"] as const;
export type ByteKind = (typeof byteKinds)[number];

export type TypeExpression =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "bytes"; readonly of: ByteKind; readonly limit: Limit }
  | { readonly kind: "uuid" }
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "optional"; readonly of: TypeExpression }
  | { readonly kind: "list"; readonly of: TypeExpression; readonly limit: Limit };

/** Reads the text of one type; throws on anything outside the grammar, since the table is ours and must be right. */
export function parseType(text: string): TypeExpression {
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)((?:<\d+>|\[\d+\]|\?)*)$/.exec(text);
  const base = parts?.[1];
  if (!parts || base === undefined) throw new Error(`protocol table: "${text}" is not a type`);
  const suffixes = [...(parts[2] ?? "").matchAll(/<(\d+)>|\[(\d+)\]|\?/g)];

  let expression: TypeExpression;
  const byteKind = byteKinds.find((kind) => kind === base);
  const scalar = scalars.find((name) => name === base);
  if (byteKind) {
    const limit = limitOf(suffixes.shift());
    if (!limit) throw new Error(`protocol table: "${text}" needs a limit`);
    expression = { kind: "bytes", of: byteKind, limit };
  } else if (scalar) expression = { kind: "scalar", scalar };
  else if (base === "uuid") expression = { kind: "uuid" };
  else expression = { kind: "named", name: base };

  for (const suffix of suffixes) {
    const limit = limitOf(suffix);
    expression = limit ? { kind: "list", of: expression, limit } : { kind: "optional", of: expression };
  }
  return expression;
}

function limitOf(suffix: RegExpMatchArray | undefined): Limit | undefined {
  if (suffix?.[1] !== undefined) return { max: Number(suffix[1]) };
  if (suffix?.[2] !== undefined) return { exactly: Number(suffix[2]) };
  return undefined;
}
