import { describe, expect, it } from "vitest";
import { parseType } from "./type-expression.ts";

describe("the grammar of the protocol table's types", () => {
  it("reads suffixes from left to right", () => {
    expect(parseType("string<10><5>?")).toEqual({
      kind: "optional",
      of: { kind: "list", of: { kind: "bytes", of: "string", limit: { max: 10 } }, limit: { max: 5 } },
    });
    expect(parseType("chars[32]")).toEqual({ kind: "bytes", of: "chars", limit: { exactly: 32 } });
    expect(parseType("remote_nonnull_domain?")).toEqual({
      kind: "optional",
      of: { kind: "named", name: "remote_nonnull_domain" },
    });
    expect(parseType("uhyper<4>")).toEqual({
      kind: "list",
      of: { kind: "scalar", scalar: "uhyper" },
      limit: { max: 4 },
    });
  });

  it.each(["", "string", "opaque?", "int<>", "int<x>", "<4>", "int <4>"])("refuses %j", (text) => {
    expect(() => parseType(text)).toThrow(/protocol table/);
  });
});
