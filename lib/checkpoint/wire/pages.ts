/**
 * The payload of a frame of pages, all little-endian:
 * `u32 serial of the request | u16 length of the volume's name | name | u32 count | count × u32 page number | count × u8 zero | data`.
 */
import { type PageBatch, pageBytes } from "../words.ts";
import { BrokenFrame, frameHeader, frameTypes } from "./frame.ts";

/** So many pages make a frame of about a megabyte: large enough for speed, small enough to let other requests pass. */
export const pagesPerFrame = 256;
const maxNameBytes = 255;
const maxPages = 1024;

export interface SerialPages {
  readonly serial: number;
  readonly batch: PageBatch;
}

/** The pieces to be written in this order; the data is not copied. */
export function encodePages(serial: number, batch: PageBatch): readonly Uint8Array[] {
  const name = Buffer.from(batch.volume);
  const count = batch.numbers.length;
  if (name.length > maxNameBytes || count > maxPages)
    throw new BrokenFrame("A batch of pages is too large to be sent.");
  const head = Buffer.allocUnsafe(10 + name.length + 5 * count);
  head.writeUInt32LE(serial, 0);
  head.writeUInt16LE(name.length, 4);
  head.set(name, 6);
  let at = 6 + name.length;
  head.writeUInt32LE(count, at);
  at += 4;
  for (const number of batch.numbers) at = head.writeUInt32LE(number, at);
  head.set(batch.zero, at);
  return [frameHeader(frameTypes.pages, head.length + batch.data.length), head, batch.data];
}

/** Throws `BrokenFrame` where the counts do not fit each other, or the numbers do not ascend. */
export function decodePages(payload: Uint8Array): SerialPages {
  const broken = (why: string) => new BrokenFrame(`A frame of pages is broken: ${why}.`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length < 10) throw broken("it is too short");
  const serial = view.getUint32(0, true);
  const nameBytes = view.getUint16(4, true);
  if (nameBytes > maxNameBytes || payload.length < 10 + nameBytes) throw broken("its name does not fit");
  const volume = Buffer.from(payload.buffer, payload.byteOffset + 6, nameBytes).toString("utf8");
  let at = 6 + nameBytes;
  const count = view.getUint32(at, true);
  at += 4;
  if (count > maxPages || payload.length < at + 5 * count) throw broken("its count does not fit");
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++, at += 4) {
    const number = view.getUint32(at, true);
    if (i > 0 && number <= (numbers[i - 1] ?? 0)) throw broken("its numbers do not ascend");
    numbers[i] = number;
  }
  const zero = payload.subarray(at, at + count);
  const data = payload.subarray(at + count);
  let full = 0;
  for (const flag of zero) if (flag === 0) full += 1;
  if (data.length !== full * pageBytes) throw broken("its data does not fit");
  return { serial, batch: { volume, numbers, zero, data } };
}
