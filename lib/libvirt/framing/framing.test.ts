import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelled } from "../testing/labelled.ts";
import { FrameReader } from "./framing.ts";
import { encodePacket, type Header, messageStatuses, messageTypes, type Packet } from "./header.ts";

const call: Header = { program: 0x20008086, version: 1, procedure: 66, type: "call", serial: 7, status: "ok" };
const callBytes = labelled(
  ["length", "00000020"],
  ["program: remote", "20008086"],
  ["version", "00000001"],
  ["procedure: auth_list", "00000042"],
  ["type: call", "00000000"],
  ["serial", "00000007"],
  ["status: ok", "00000000"],
  ["payload", "deadbeef"],
);

function readAll(chunks: readonly Buffer[]): Packet[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
}

describe("framing", () => {
  it("writes and reads a packet, labelled", () => {
    expect(encodePacket(call, Buffer.from("deadbeef", "hex"))).toEqual(callBytes);
    expect(readAll([callBytes])).toEqual([{ header: call, payload: Buffer.from("deadbeef", "hex") }]);
  });

  const packets = fc.array(
    fc.record({
      header: fc.record({
        program: fc.nat({ max: 0xffff_ffff }),
        version: fc.nat({ max: 0xffff_ffff }),
        procedure: fc.integer(),
        type: fc.constantFrom(...messageTypes),
        serial: fc.nat({ max: 0xffff_ffff }),
        status: fc.constantFrom(...messageStatuses),
      }),
      payload: fc.uint8Array({ maxLength: 200 }),
    }),
    { maxLength: 6 },
  );

  it("finds the same packets however the bytes are cut", () => {
    fc.assert(
      fc.property(packets, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(({ header, payload }) => encodePacket(header, payload)));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          chunks.push(Buffer.from(bytes.subarray(at, at + size)));
          at += size;
        }
        const got = readAll(chunks).map(({ header, payload }) => ({ header, payload: Uint8Array.from(payload) }));
        expect(got).toEqual(sent);
      }),
    );
  });

  it("keeps a packet's payload whole while later chunks come", () => {
    const reader = new FrameReader();
    const first = [...reader.push(callBytes.subarray(0, 10))];
    const [packet] = [...reader.push(Buffer.concat([callBytes.subarray(10), callBytes.subarray(0, 20)]))];
    const rest = [...reader.push(callBytes.subarray(20))];
    expect(first).toEqual([]);
    expect(packet?.payload.toString("hex")).toBe("deadbeef");
    expect(rest).toHaveLength(1);
    expect(reader.pendingBytes).toBe(0);
  });

  it.each([
    ["shorter than its header", "0000001b", /27 bytes is shorter/],
    ["of no length", "00000000", /0 bytes is shorter/],
    ["longer than the maximum", "02000001", /33554433 bytes is longer/],
    ["negative, as some would read it", "ffffffff", /4294967295 bytes is longer/],
  ])("refuses a message %s at its fourth byte", (_what, hex, message) => {
    const reader = new FrameReader();
    const bytes = labelled(["length", hex]);
    expect([...reader.push(bytes.subarray(0, 3))]).toEqual([]);
    expect(() => [...reader.push(bytes.subarray(3))]).toThrow(message);
  });

  it.each([
    ["type", 16, 7],
    ["status", 24, 3],
  ])("refuses an unknown %s", (what, at, value) => {
    const bytes = Buffer.from(callBytes);
    bytes.writeInt32BE(value, at);
    expect(() => readAll([bytes])).toThrow(`${what} ${value} is not known`);
    bytes.writeInt32BE(-1, at);
    expect(() => readAll([bytes])).toThrow(`${what} -1 is not known`);
  });
});
