/** Random values of every type of the protocol table, for property tests. Lists and texts stay short: their limits have tests of their own. */
import fc from "fast-check";
import { type Limit, parseType, type Scalar, type TypeExpression } from "../protocol/type-expression.ts";
import type { NamedTypes } from "../xdr/codec.ts";

export function arbitraryOf(types: NamedTypes, name: string): fc.Arbitrary<unknown> {
  const fields = types.structs[name];
  if (fields) {
    return fc.record(
      Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, arbitrary(types, parseType(text))])),
    );
  }
  const arms = Object.entries(types.unions[name] ?? {});
  return fc.oneof(
    ...arms.map(([type, arm]) => fc.record({ type: fc.constant(type), value: arbitrary(types, parseType(arm.type)) })),
  );
}

function arbitrary(types: NamedTypes, type: TypeExpression): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "scalar":
      return scalar(type.scalar);
    case "bytes": {
      const [minLength, maxLength] = lengths(type.limit, 12);
      if (type.of !== "string") return fc.uint8Array({ minLength, maxLength });
      const text = fc.string({ unit: "binary", minLength, maxLength: Math.floor(maxLength / 4) });
      return text.map((value) => value.replaceAll("\0", ""));
    }
    case "uuid":
      return fc.uuid();
    case "named":
      return arbitraryOf(types, type.name);
    case "optional":
      return fc.option(arbitrary(types, type.of), { nil: null });
    case "list": {
      const [minLength, maxLength] = lengths(type.limit, 3);
      return fc.array(arbitrary(types, type.of), { minLength, maxLength });
    }
  }
}

function lengths(limit: Limit, short: number): [min: number, max: number] {
  return "exactly" in limit ? [limit.exactly, limit.exactly] : [0, Math.min(limit.max, short)];
}

function scalar(type: Scalar): fc.Arbitrary<unknown> {
  switch (type) {
    case "int":
      return fc.integer();
    case "uint":
      return fc.nat({ max: 0xffff_ffff });
    case "hyper":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "uhyper":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "double":
      return fc.double();
    case "bool":
      return fc.boolean();
    case "char":
      return fc.integer({ min: -128, max: 127 });
    case "uchar":
      return fc.nat({ max: 255 });
    case "ushort":
      return fc.nat({ max: 65_535 });
  }
}
