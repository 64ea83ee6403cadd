import { protocolError } from "../errors.ts";
import type { ByteKind, Limit } from "../protocol/type-expression.ts";
import type { Codec } from "./codec.ts";
import type { XdrReader } from "./reader.ts";
import { encodeFailed, shown } from "./scalars.ts";
import type { XdrWriter } from "./writer.ts";

/** Writes a length where the type has one, and refuses one that the table does not allow. */
export function writeLength(writer: XdrWriter, length: number, limit: Limit, what: string): void {
  if ("exactly" in limit) {
    if (length !== limit.exactly) throw encodeFailed(what, `${length} given, exactly ${limit.exactly} needed`);
    return;
  }
  if (length > limit.max) throw encodeFailed(what, `${length} given, at most ${limit.max} allowed`);
  writer.uint(length);
}

export function readLength(reader: XdrReader, limit: Limit, what: string): number {
  if ("exactly" in limit) return limit.exactly;
  const length = reader.uint(what);
  if (length > limit.max) throw protocolError(`${what}: length ${length}, at most ${limit.max} allowed`);
  return length;
}

export function byteCodec(kind: ByteKind, limit: Limit, what: string): Codec {
  const unit = kind === "chars" ? 4 : 1;
  const minBytes = "exactly" in limit ? (limit.exactly * unit + 3) & ~3 : 4;
  if (kind === "string") return { minBytes, ...stringCodec(limit, what) };
  return { minBytes, ...(kind === "opaque" ? opaqueCodec(limit, what) : charsCodec(limit, what)) };
}

/** UTF-8 text. A NUL would end the string on libvirt's side and make it mean another name, so none is sent. */
function stringCodec(limit: Limit, what: string): Omit<Codec, "minBytes"> {
  return {
    write(writer, value) {
      if (typeof value !== "string") throw encodeFailed(what, `a string is needed, not ${shown(value)}`);
      if (value.includes("\0")) throw encodeFailed(what, "a NUL character cannot be sent");
      if (!value.isWellFormed()) throw encodeFailed(what, "half of a surrogate pair is not text");
      const length = Buffer.byteLength(value);
      writeLength(writer, length, limit, what);
      writer.text(value, length);
    },
    read: (reader) => reader.padded(readLength(reader, limit, what), what).toString("utf8"),
  };
}

function bytesOf(value: unknown, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw encodeFailed(what, `a Uint8Array is needed, not ${shown(value)}`);
  return value;
}

function opaqueCodec(limit: Limit, what: string): Omit<Codec, "minBytes"> {
  return {
    write(writer, value) {
      const bytes = bytesOf(value, what);
      writeLength(writer, bytes.length, limit, what);
      writer.padded(bytes);
    },
    // A copy: a view would keep the whole received chunk in memory for as long as the value lives.
    read: (reader) => Uint8Array.from(reader.padded(readLength(reader, limit, what), what)),
  };
}

/** C's char array: each byte travels as an integer of its own, sign-extended where the machine's char is signed. */
function charsCodec(limit: Limit, what: string): Omit<Codec, "minBytes"> {
  return {
    write(writer, value) {
      const bytes = bytesOf(value, what);
      writeLength(writer, bytes.length, limit, what);
      for (const byte of bytes) writer.int((byte << 24) >> 24);
    },
    read(reader) {
      const length = readLength(reader, limit, what);
      if (length * 4 > reader.remaining) throw protocolError(`${what}: ${length} characters do not fit the message`);
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) {
        const char = reader.int(what);
        if (char < -128 || char > 255) throw protocolError(`${what}: ${char} is not a character`);
        bytes[at] = char & 0xff;
      }
      return bytes;
    },
  };
}

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Sixteen bytes, as the usual lower-case text with four dashes. */
export function uuidCodec(what: string): Codec {
  return {
    minBytes: 16,
    write(writer, value) {
      if (typeof value !== "string" || !uuidText.test(value)) {
        throw encodeFailed(what, `a UUID in lower case with dashes is needed, not ${shown(value)}`);
      }
      writer.padded(Buffer.from(value.replaceAll("-", ""), "hex"));
    },
    read(reader) {
      const hex = reader.padded(16, what).toString("hex");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  };
}
