/**
 * XDR (RFC 4506) as libvirt uses it. All integers are big endian, everything is padded with zeros to four bytes.
 *
 *   int, uint, bool, char, uchar, ushort   4 bytes
 *   hyper, uhyper, double                  8 bytes
 *   string<M>, opaque<M>                   uint length ≤ M, then the bytes, padded
 *   opaque[N], uuid                        the bytes, padded
 *   chars<M>, chars[N]                     uint length (only <M>), then 4 bytes for each character
 *   T<M>, T[N]                             uint count (only <M>), then each item
 *   T?                                     uint 0, or uint 1 and the value
 *   struct                                 its fields in order
 *   union                                  int tag, then the arm of that tag
 *
 * In JavaScript: hyper and uhyper are bigint, absent is null, opaque and chars are Uint8Array, a uuid is its text, a union is
 * `{ type, value }`. Codecs are compiled once per type of the table and shared by all connections.
 */
import { protocolError } from "../errors.ts";
import { parseType, type TypeExpression } from "../protocol/type-expression.ts";
import { byteCodec, readLength, uuidCodec, writeLength } from "./byte-codecs.ts";
import type { XdrReader } from "./reader.ts";
import { encodeFailed, scalarCodec, shown } from "./scalars.ts";
import type { XdrWriter } from "./writer.ts";

export interface Codec {
  /** The least a value takes on the wire: a list's count is refused where it could not fit what is left. */
  readonly minBytes: number;
  /** Throws RpcError `EncodeFailed`, naming the field. */
  write(writer: XdrWriter, value: unknown): void;
  /** Throws RpcError `ProtocolError`, naming the field. */
  read(reader: XdrReader): unknown;
}

/** The named types of a table: structs as field → type, unions as arm → tag and type. */
export interface NamedTypes {
  readonly structs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly unions: Readonly<Record<string, Readonly<Record<string, { readonly tag: number; readonly type: string }>>>>;
}

/** Gives the codec of each named type, compiled at its first use. */
export function codecs(types: NamedTypes): (name: string) => Codec {
  const compiled = new Map<string, Codec>();

  const named = (name: string): Codec => {
    const known = compiled.get(name);
    if (known) return known;
    const fields = types.structs[name];
    const arms = types.unions[name];
    if (!fields && !arms) throw new Error(`protocol table: no type "${name}"`);
    const codec = fields ? structCodec(name, fields) : unionCodec(name, arms ?? {});
    compiled.set(name, codec);
    return codec;
  };

  const compile = (type: TypeExpression, what: string): Codec => {
    switch (type.kind) {
      case "scalar":
        return scalarCodec(type.scalar, what);
      case "bytes":
        return byteCodec(type.of, type.limit, what);
      case "uuid":
        return uuidCodec(what);
      case "named":
        return named(type.name);
      case "optional":
        return optionalCodec(compile(type.of, what), what);
      case "list": {
        const item = compile(type.of, what);
        const { limit } = type;
        return {
          minBytes: "exactly" in limit ? limit.exactly * item.minBytes : 4,
          write(writer, value) {
            if (!Array.isArray(value)) throw encodeFailed(what, `an array is needed, not ${shown(value)}`);
            writeLength(writer, value.length, limit, what);
            for (const one of value) item.write(writer, one);
          },
          read(reader) {
            const count = readLength(reader, limit, what);
            if (count * item.minBytes > reader.remaining) {
              throw protocolError(`${what}: ${count} items do not fit the ${reader.remaining} bytes left`);
            }
            return Array.from({ length: count }, () => item.read(reader));
          },
        };
      }
    }
  };

  const structCodec = (name: string, fields: Readonly<Record<string, string>>): Codec => {
    const parts = Object.entries(fields).map(([field, text]) => ({
      field,
      codec: compile(parseType(text), `${name}.${field}`),
    }));
    return {
      minBytes: parts.reduce((sum, { codec }) => sum + codec.minBytes, 0),
      write(writer, value) {
        if (!isRecord(value)) throw encodeFailed(name, `an object is needed, not ${shown(value)}`);
        for (const { field, codec } of parts) codec.write(writer, value[field]);
      },
      read(reader) {
        const value: Record<string, unknown> = {};
        for (const { field, codec } of parts) value[field] = codec.read(reader);
        return value;
      },
    };
  };

  const unionCodec = (name: string, arms: NamedTypes["unions"][string]): Codec => {
    const list = Object.entries(arms).map(([type, { tag, type: text }]) => ({
      type,
      tag,
      codec: compile(parseType(text), `${name}.${type}`),
    }));
    const byType = new Map(list.map((arm) => [arm.type, arm]));
    const byTag = new Map(list.map((arm) => [arm.tag, arm]));
    return {
      minBytes: 4 + Math.min(...list.map(({ codec }) => codec.minBytes)),
      write(writer, value) {
        const arm = isRecord(value) && typeof value.type === "string" ? byType.get(value.type) : undefined;
        if (!arm || !isRecord(value)) {
          throw encodeFailed(name, `{ type, value } with type one of ${[...byType.keys()].join(", ")} is needed`);
        }
        writer.int(arm.tag);
        arm.codec.write(writer, value.value);
      },
      read(reader) {
        const tag = reader.int(name);
        const arm = byTag.get(tag);
        if (!arm) throw protocolError(`${name}: ${tag} is no known tag`);
        return { type: arm.type, value: arm.codec.read(reader) };
      },
    };
  };

  return named;
}

function optionalCodec(inner: Codec, what: string): Codec {
  return {
    minBytes: 4,
    write(writer, value) {
      writer.uint(value === null ? 0 : 1);
      if (value !== null) inner.write(writer, value);
    },
    read(reader) {
      const present = reader.uint(what);
      if (present > 1) throw protocolError(`${what}: presence is ${present}, not 0 or 1`);
      return present ? inner.read(reader) : null;
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
