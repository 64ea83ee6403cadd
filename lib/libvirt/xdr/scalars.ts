import { RpcError } from "../errors.ts";
import type { Scalar } from "../protocol/type-expression.ts";
import type { Codec } from "./codec.ts";

export function encodeFailed(what: string, why: string): RpcError {
  return new RpcError("EncodeFailed", `${what}: ${why}`);
}

/** `value` as a short text for an error: names the kind of thing, never a long content. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return typeof value === "object" || typeof value === "function" ? typeof value : `${typeof value} ${String(value)}`;
}

function whole(value: unknown, low: number, high: number, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw encodeFailed(what, `a whole number from ${low} to ${high} is needed, not ${shown(value)}`);
  }
  return value;
}

function big(value: unknown, low: bigint, high: bigint, what: string): bigint {
  if (typeof value !== "bigint" || value < low || value > high) {
    throw encodeFailed(what, `a bigint from ${low} to ${high} is needed, not ${shown(value)}`);
  }
  return value;
}

/**
 * One codec per scalar of the grammar. The small C types (char, short) travel as 32-bit integers; the reader refuses a value
 * that could not have come from such a variable.
 */
export function scalarCodec(scalar: Scalar, what: string): Codec {
  const small = (low: number, high: number): Codec => ({
    minBytes: 4,
    write: (writer, value) => writer.int(whole(value, low, high, what)),
    read: (reader) => {
      const value = reader.int(what);
      if (value < low || value > high) throw encodeOutOfRange(what, value);
      return value;
    },
  });
  switch (scalar) {
    case "int":
      return {
        minBytes: 4,
        write: (writer, value) => writer.int(whole(value, -0x8000_0000, 0x7fff_ffff, what)),
        read: (reader) => reader.int(what),
      };
    case "uint":
      return {
        minBytes: 4,
        write: (writer, value) => writer.uint(whole(value, 0, 0xffff_ffff, what)),
        read: (reader) => reader.uint(what),
      };
    case "hyper":
      return {
        minBytes: 8,
        write: (writer, value) => writer.hyper(big(value, -(2n ** 63n), 2n ** 63n - 1n, what)),
        read: (reader) => reader.hyper(what),
      };
    case "uhyper":
      return {
        minBytes: 8,
        write: (writer, value) => writer.uhyper(big(value, 0n, 2n ** 64n - 1n, what)),
        read: (reader) => reader.uhyper(what),
      };
    case "double":
      return {
        minBytes: 8,
        write: (writer, value) => {
          if (typeof value !== "number") throw encodeFailed(what, `a number is needed, not ${shown(value)}`);
          writer.double(value);
        },
        read: (reader) => reader.double(what),
      };
    case "bool":
      return {
        minBytes: 4,
        write: (writer, value) => {
          if (typeof value !== "boolean") throw encodeFailed(what, `true or false is needed, not ${shown(value)}`);
          writer.int(value ? 1 : 0);
        },
        read: (reader) => reader.int(what) !== 0,
      };
    case "char":
      return small(-128, 127);
    case "uchar":
      return small(0, 255);
    case "ushort":
      return small(0, 65_535);
  }
}

function encodeOutOfRange(what: string, value: number): RpcError {
  return new RpcError("ProtocolError", `${what}: ${value} is outside the type's range`);
}
