import { protocolError } from "../errors.ts";
import { limits } from "../protocol/table.ts";

export const messageTypes = ["call", "reply", "message", "stream", "callWithFds", "replyWithFds", "hole"] as const;
export type MessageType = (typeof messageTypes)[number];

export const messageStatuses = ["ok", "error", "continue"] as const;
export type MessageStatus = (typeof messageStatuses)[number];

export interface Header {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: MessageType;
  /** Ties replies and stream packets to their call; 0 for what the server sends unasked. */
  readonly serial: number;
  readonly status: MessageStatus;
}

export interface Packet {
  readonly header: Header;
  /** A view into received bytes: valid as long as it is referenced, but keep a copy rather than the view. */
  readonly payload: Buffer;
}

const noPayload = Buffer.alloc(0);

/** Bytes before the payload: the length and the header's six words. */
export const prefixBytes = 4 + limits.headerBytes;

/** One packet as bytes. The caller has checked that it is not longer than a message may be. */
export function encodePacket(header: Header, payload: Uint8Array = noPayload): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + payload.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(header.program, 4);
  bytes.writeUInt32BE(header.version, 8);
  bytes.writeInt32BE(header.procedure, 12);
  bytes.writeInt32BE(messageTypes.indexOf(header.type), 16);
  bytes.writeUInt32BE(header.serial, 20);
  bytes.writeInt32BE(messageStatuses.indexOf(header.status), 24);
  bytes.set(payload, prefixBytes);
  return bytes;
}

/** One whole frame, its length included, as a packet. */
export function decodePacket(frame: Buffer): Packet {
  const type = messageTypes[frame.readInt32BE(16)];
  if (!type) throw protocolError(`message type ${frame.readInt32BE(16)} is not known`);
  const status = messageStatuses[frame.readInt32BE(24)];
  if (!status) throw protocolError(`message status ${frame.readInt32BE(24)} is not known`);
  return {
    header: {
      program: frame.readUInt32BE(4),
      version: frame.readUInt32BE(8),
      procedure: frame.readInt32BE(12),
      type,
      serial: frame.readUInt32BE(20),
      status,
    },
    payload: frame.subarray(prefixBytes),
  };
}
