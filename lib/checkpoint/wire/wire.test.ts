import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pageBytes } from "../words.ts";
import { BrokenFrame, FrameReader, frameHeader, frameTypes } from "./frame.ts";
import { Link } from "./link.ts";
import { type Envelope, readAnswer, readRequest } from "./messages.ts";
import { decodePages, encodePages, type SerialPages } from "./pages.ts";

const batchOf = (numbers: readonly number[], zeros: readonly boolean[], fill = 7) => ({
  volume: "memory/pc.ram",
  numbers: Uint32Array.from(numbers),
  zero: Uint8Array.from(zeros, Number),
  data: new Uint8Array(zeros.filter((zero) => !zero).length * pageBytes).fill(fill),
});

/** The same bytes, cut at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end));
}

describe("frames", () => {
  it("are read as they were written, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.nat(4000), { maxLength: 30 }),
        (payloads, places) => {
          const bytes = Buffer.concat(
            payloads.flatMap((payload) => [frameHeader(frameTypes.json, payload.length), payload]),
          );
          const reader = new FrameReader();
          const read = cut(bytes, places).flatMap((chunk) => reader.push(chunk));
          expect(read.map(({ payload }) => Buffer.from(payload))).toEqual(
            payloads.map((payload) => Buffer.from(payload)),
          );
        },
      ),
    );
  });

  it("of another type, or too large, are refused before anything is reserved", () => {
    expect(() => new FrameReader().push(Uint8Array.of(0, 0, 0, 0, 9))).toThrow(BrokenFrame);
    expect(() => new FrameReader().push(Uint8Array.of(255, 255, 255, 255, 2))).toThrow(BrokenFrame);
  });

  it("of pages come back whole; bytes of anything else are refused, and nothing else is thrown", () => {
    const sent = batchOf([3, 4, 900], [false, true, false]);
    const payload = Buffer.concat(encodePages(77, sent)).subarray(5);
    expect(decodePages(payload)).toEqual({
      serial: 77,
      batch: { ...sent, zero: Buffer.from(sent.zero), data: Buffer.from(sent.data) },
    });
    expect(() => decodePages(payload.subarray(1))).toThrow(BrokenFrame);
    expect(() => decodePages(Buffer.concat(encodePages(1, batchOf([4, 4], [true, true]))).subarray(5))).toThrow(
      BrokenFrame,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodePages(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenFrame);
        }
      }),
    );
  });
});

describe("messages", () => {
  it("of kinds that are not ours pass; ours must have their shape", () => {
    expect(readRequest({ kind: "restore-begin", serial: 1 })).toBeUndefined();
    expect(readRequest({ kind: "go", serial: 3, of: 1 })).toEqual({ kind: "go", serial: 3, of: 1 });
    expect(() => readRequest({ kind: "go", serial: 3 })).toThrow();
    expect(() => readAnswer({ kind: "failed", serial: 3, failure: "bored" })).toThrow();
  });
});

describe("a link", () => {
  const pair = () => {
    const there = new PassThrough({ highWaterMark: 1000 });
    const back = new PassThrough({ highWaterMark: 1000 });
    const got: (Envelope | SerialPages)[] = [];
    const handlers = {
      onMessage: (message: Envelope) => void got.push(message),
      onPages: (pages: SerialPages) => void got.push(pages),
    };
    return { got, a: new Link(back, there, handlers), b: new Link(there, back, handlers), there };
  };

  it("carries messages and pages in order, and says when it is over", async () => {
    const { a, b, got } = pair();
    await a.send({ kind: "hello", serial: 1, wire: 1 });
    await a.sendPages(1, batchOf([0, 1], [false, false]));
    await a.send({ kind: "go", serial: 2, of: 1 });
    a.close();
    expect(await b.closed).toBeUndefined();
    expect(got.map((item) => ("kind" in item ? item.kind : item.batch.numbers.length))).toEqual(["hello", 2, "go"]);
    await expect(b.send({ kind: "go", serial: 1 })).rejects.toThrow("over");
  });

  it("ends at a broken frame", async () => {
    const { b, there } = pair();
    there.write(Uint8Array.of(1, 0, 0, 0, 1, 65));
    expect(await b.closed).toBeInstanceOf(BrokenFrame);
  });

  it("lets nobody wait for room for ever when the other end is gone", async () => {
    const { a, there } = pair();
    const sent = a.sendPages(1, batchOf([0], [false]));
    there.pause();
    a.close();
    await expect(sent).rejects.toThrow("over");
  });
});
