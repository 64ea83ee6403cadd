import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codecOf, namedTypes, structNames } from "../protocol/table.ts";
import { arbitraryOf } from "../testing/arbitraries.ts";
import { labelled } from "../testing/labelled.ts";
import { type Codec, codecs } from "./codec.ts";
import { XdrReader } from "./reader.ts";
import { XdrWriter } from "./writer.ts";

function encode(codec: Codec, value: unknown): Buffer {
  const writer = new XdrWriter(4);
  codec.write(writer, value);
  return writer.finish();
}

function decode(codec: Codec, bytes: Buffer): unknown {
  const reader = new XdrReader(bytes);
  const value = codec.read(reader);
  reader.end("test");
  return value;
}

const small = codecs({
  structs: {
    text: { value: "string<5>" },
    list: { value: "int<3>" },
    fixed: { value: "opaque[3]" },
    chars: { value: "chars<4>" },
    maybe: { value: "int?" },
    byte: { value: "uchar" },
    big: { value: "uhyper" },
  },
  unions: { either: { number: { tag: 1, type: "int" }, text: { tag: 7, type: "string<5>" } } },
});

describe("labelled bytes", () => {
  it("a domain: its name, its UUID, its number", () => {
    const bytes = labelled(
      ["name length", "00000003"],
      ["name", "776562"],
      ["padding", "00"],
      ["uuid", "6695eb01 f6a4 8304 79aa 97f2502e193f"],
      ["id", "ffffffff"],
    );
    const domain = { name: "web", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: -1 };
    expect(encode(codecOf("remote_nonnull_domain"), domain)).toEqual(bytes);
    expect(decode(codecOf("remote_nonnull_domain"), bytes)).toEqual(domain);
  });

  it("an open without a driver's name, and one with", () => {
    const codec = codecOf("remote_connect_open_args");
    expect(encode(codec, { name: null, flags: 1 })).toEqual(labelled(["absent", "00000000"], ["flags", "00000001"]));
    expect(encode(codec, { name: "qemu:///system", flags: 0 })).toEqual(
      labelled(
        ["present", "00000001"],
        ["length", "0000000e"],
        ["qemu:///system", "71656d753a2f2f2f73797374656d"],
        ["padding", "0000"],
        ["flags", "00000000"],
      ),
    );
  });

  it("typed parameters: tag, then the value in its own width", () => {
    const codec = codecOf("remote_typed_param");
    const bytes = labelled(
      ["field length", "00000005"],
      ["field", "72656164 73"],
      ["padding", "000000"],
      ["tag: unsigned long long", "00000004"],
      ["value", "0000000100000000"],
    );
    const param = { field: "reads", value: { type: "ullong", value: 2n ** 32n } };
    expect(encode(codec, param)).toEqual(bytes);
    expect(decode(codec, bytes)).toEqual(param);
  });

  it("C characters take four bytes each, signed or not", () => {
    const bytes = labelled(["count", "00000002"], ["h", "00000068"], ["é, signed", "ffffffe9"]);
    expect(encode(small("chars"), { value: Uint8Array.of(0x68, 0xe9) })).toEqual(bytes);
    expect(decode(small("chars"), bytes)).toEqual({ value: Uint8Array.of(0x68, 0xe9) });
    const unsigned = labelled(["count", "00000001"], ["é, unsigned", "000000e9"]);
    expect(decode(small("chars"), unsigned)).toEqual({ value: Uint8Array.of(0xe9) });
  });
});

describe("encode, then decode", () => {
  it.each(structNames)("gives the same %s", (name) => {
    const codec = codecOf(name);
    fc.assert(
      fc.property(arbitraryOf(namedTypes, name), (value) => {
        const bytes = encode(codec, value);
        expect(bytes.length % 4).toBe(0);
        expect(bytes.length).toBeGreaterThanOrEqual(codec.minBytes);
        expect(decode(codec, bytes)).toEqual(value);
      }),
      { numRuns: 15 },
    );
  });
});

describe("values that the wire cannot carry are refused before anything is sent", () => {
  it.each([
    ["text", "123456", /text\.value: 6 given, at most 5 allowed/],
    ["text", "é".repeat(3), /6 given/],
    ["text", "a\0b", /NUL/],
    ["text", "\ud800", /surrogate/],
    ["text", 5, /a string is needed, not number 5/],
    ["list", [1, 2, 3, 4], /list\.value: 4 given, at most 3/],
    ["list", [1.5], /whole number/],
    ["list", "no", /an array is needed/],
    ["fixed", Uint8Array.of(1, 2), /2 given, exactly 3/],
    ["maybe", undefined, /not undefined/],
    ["byte", 256, /0 to 255/],
    ["big", 5, /a bigint/],
    ["big", -1n, /a bigint/],
  ])("%s, case %#", (name, value, message) => {
    expect(() => encode(small(name), { value })).toThrow(message);
  });

  it("a UUID in another spelling, a union without its arm, a struct that is none", () => {
    const domain = { name: "web", uuid: "6695EB01-F6A4-8304-79AA-97F2502E193F", id: 1 };
    expect(() => encode(codecOf("remote_nonnull_domain"), domain)).toThrow(/lower case/);
    expect(() => encode(small("either"), { type: "other", value: 1 })).toThrow(/one of number, text/);
    expect(() => encode(small("text"), null)).toThrow(/an object is needed/);
  });
});

describe("bytes that are no value are refused", () => {
  it.each([
    ["text", "00000006 313233343536 0000", /length 6, at most 5/],
    ["text", "ffffffff", /length 4294967295/],
    ["text", "00000005 313233", /5 bytes expected, 3 left/],
    ["text", "00000003 313233 01", /padding is not zero/],
    ["text", "00000000 00000000", /4 bytes too many/],
    ["list", "00000004", /length 4, at most 3/],
    ["list", "00000003 00000001", /3 items do not fit/],
    ["fixed", "0102", /3 bytes expected, 2 left/],
    ["chars", "00000002 00000041", /2 characters do not fit/],
    ["chars", "00000001 00000100", /256 is not a character/],
    ["maybe", "00000002 00000000", /presence is 2/],
    ["byte", "00000100", /256 is outside/],
    ["big", "00000000", /8 bytes expected/],
    ["either", "00000002 00000000", /2 is no known tag/],
  ])("%s from %s", (name, hex, message) => {
    expect(() => decode(small(name), labelled(["all", hex]))).toThrow(message);
  });

  it("a count within the limit that the message cannot hold", () => {
    const bytes = labelled(["count: 16384 records", "00004000"], ["rest", "00000000"]);
    expect(() => decode(codecOf("remote_connect_get_all_domain_stats_ret"), bytes)).toThrow(
      /16384 items do not fit the 4 bytes left/,
    );
  });
});
