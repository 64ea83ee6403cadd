import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { readEvent } from "../../wrappers/mariadb/door.ts";
import { nativeAnswer, PacketReader, packet, refuseError, scrambleOf } from "./packets.ts";

it("puts packets together from whatever pieces come", async () => {
  const both = new PassThrough();
  const reader = new PacketReader(both);
  const bytes = Buffer.concat([packet(0, Buffer.from("first")), packet(1, Buffer.from("second"))]);
  for (const byte of bytes) both.write(Buffer.from([byte]));
  expect((await reader.next()).toString()).toBe("first");
  expect((await reader.next()).toString()).toBe("second");
  expect(reader.sequence).toBe(1);
  both.end();
  await expect(reader.next()).rejects.toThrow("has ended");
});

it("answers as mysql_native_password wants it", () => {
  const scramble = Buffer.from("0123456789abcdefghij");
  const answer = nativeAnswer("secret", scramble);
  expect(answer).toHaveLength(20);
  expect(answer.equals(nativeAnswer("secret", scramble))).toBe(true);
  expect(answer.equals(nativeAnswer("Secret", scramble))).toBe(false);
});

it("finds the scramble in a greeting", () => {
  const greeting = Buffer.concat([
    Buffer.from([10]),
    Buffer.from("5.5.5-10.11-MariaDB\0"),
    Buffer.alloc(4),
    Buffer.from("01234567\0"),
    Buffer.from([0xfe, 0xf7, 45, 2, 0, 0xff, 0x81, 21]),
    Buffer.alloc(10),
    Buffer.from("89abcdefghij\0mysql_native_password\0"),
  ]);
  expect(scrambleOf(greeting).toString()).toBe("0123456789abcdefghij");
});

it("tells a server's refusal in its words", () => {
  const words = Buffer.concat([Buffer.from([0xff, 0x15, 0x04]), Buffer.from("#28000Access denied")]);
  expect(() => refuseError(words)).toThrow("Access denied");
});

it("refuses what is no event", () => {
  expect(() => readEvent(Buffer.alloc(30))).toThrow("no event");
});
