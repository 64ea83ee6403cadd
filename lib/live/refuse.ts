import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Answers an upgrade with plain HTTP and ends the connection. */
export function refuse(socket: Duplex, status: number, words: string): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(words)}`,
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${words}`, () => socket.destroy());
}
