/**
 * Events of a log of transactions (mariadb.com/kb: "Binlog event header").
 *
 * header := time[4] type[1] server[4] size[4] next[4] flags[2]
 */
export const eventTypes = { rotate: 4, formatDescription: 15, heartbeat: 27, gtid: 162, gtidList: 163 } as const;
const headBytes = 19;
/** Made up for this connection: it is not in the server's own log. */
const artificialFlag = 0x20;

export interface LogEvent {
  readonly type: number;
  readonly server: number;
  readonly next: number;
  readonly artificial: boolean;
  readonly bytes: Buffer;
}

export function readEvent(bytes: Buffer): LogEvent {
  if (bytes.length < headBytes || bytes.readUInt32LE(9) !== bytes.length)
    throw new RangeError("these bytes are no event of a log of transactions");
  return {
    type: bytes.readUInt8(4),
    server: bytes.readUInt32LE(5),
    next: bytes.readUInt32LE(13),
    artificial: (bytes.readUInt16LE(17) & artificialFlag) !== 0,
    bytes,
  };
}

/** Where a transaction begins. `body := number[8] domain[4] flags[1] …` */
export function gtidOf(event: LogEvent): { readonly domain: number; readonly number: number } | undefined {
  if (event.type !== eventTypes.gtid) return undefined;
  return { number: Number(event.bytes.readBigUInt64LE(headBytes)), domain: event.bytes.readUInt32LE(headBytes + 8) };
}

/** `body := position[8] name`, and a checksum[4] where the log has them; a made-up one may have none. */
export function rotateTo(event: LogEvent): string | undefined {
  if (event.type !== eventTypes.rotate) return undefined;
  return /^[^\0]*?\.\d{6,}/.exec(event.bytes.toString("latin1", headBytes + 8))?.[0];
}

/** What every file begins with. A made-up one serves as well: it differs in nothing but where it stands. */
export const formatOf = (event: LogEvent): Buffer | undefined =>
  event.type === eventTypes.formatDescription ? event.bytes : undefined;

/** What is worth keeping of the stream: not what only tells the replica where it is. */
export const isKept = (event: LogEvent): boolean =>
  !event.artificial &&
  event.type !== eventTypes.rotate &&
  event.type !== eventTypes.heartbeat &&
  event.type !== eventTypes.gtidList;
