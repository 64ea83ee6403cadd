import { describe, expect, test } from "vitest";
import { fromHelper, LineReader, lineOf, maxLineBytes, toHelper } from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const grant = { kind: "grant", serial: 1, leaseMs: 8_000, peers: ["198.18.0.12", "::1"] } as const;

describe("a line", () => {
  test("is read however its bytes are cut", () => {
    const reader = new LineReader(toHelper);
    const all = [...bytes(lineOf({ ...grant, peers: [...grant.peers] }))];
    expect(all.flatMap((byte) => reader.push(Uint8Array.of(byte)))).toEqual([grant]);
  });

  test.each([
    ["no JSON", "hello\n"],
    ["nothing of ours", '{"kind":"halt"}\n'],
    ["another version", '{"kind":"attend","wire":2}\n'],
    ["a lease without a time", '{"kind":"grant","serial":1,"peers":[]}\n'],
    ["a lease that is over at once", '{"kind":"grant","serial":1,"leaseMs":0,"peers":[]}\n'],
    ["a peer that is an option of ping", '{"kind":"grant","serial":1,"leaseMs":8000,"peers":["-f"]}\n'],
    ["one without an end", "x".repeat(maxLineBytes + 1)],
  ])("that is %s is refused", (_words, text) => expect(() => new LineReader(toHelper).push(bytes(text))).toThrow());

  test("of the one side means nothing on the other", () =>
    expect(() => new LineReader(fromHelper).push(bytes('{"kind":"status"}\n'))).toThrow());
});
