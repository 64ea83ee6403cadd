import type { Duplex } from "node:stream";
import { type LogEvent, readEvent, rotateTo } from "../../wrappers/mariadb/door.ts";
import { loginPayload, PacketReader, ProtocolError, packet, refuseError, scrambleOf } from "./packets.ts";

export interface ReplicaOptions {
  readonly stream: Duplex;
  readonly user: string;
  readonly password: string;
  /** A server id of its own. */
  readonly id: number;
  /** What it has: "1-1-55,2-2-7". */
  readonly position: string;
  /** Writes are acknowledged to clients once this replica has said to have them. */
  readonly semiSynchronous: boolean;
  /** Everything that is here, in order; what it resolves for is on the disk, and is acknowledged then. */
  readonly keep: (events: readonly LogEvent[]) => Promise<void>;
}

const semiSynchronousMark = 0xef;

/** Reads a server's log of transactions as its replica, until the connection ends: it always rejects. */
export async function replicate(options: ReplicaOptions): Promise<never> {
  const { stream } = options;
  const reader = new PacketReader(stream);
  const send = (sequence: number, payload: Buffer) => void stream.write(packet(sequence, payload));

  const scramble = scrambleOf(await reader.next());
  send(reader.sequence + 1, loginPayload(options.user, options.password, scramble));
  const answer = refuseError(await reader.next());
  if (answer[0] !== 0) throw new ProtocolError("the server wants another way to log in");

  for (const statement of sessionOf(options)) {
    send(0, Buffer.concat([Buffer.from([0x03]), Buffer.from(statement)]));
    refuseError(await reader.next());
  }
  send(0, registerPayload(options.id));
  refuseError(await reader.next());
  send(0, dumpPayload(options.id));

  let file = "";
  for (;;) {
    const batch: LogEvent[] = [];
    let answerTo: LogEvent | undefined;
    do {
      const payload = refuseError(await reader.next());
      if (payload[0] === 0xfe && payload.length < 9) throw new ProtocolError("the server has ended the stream");
      const marked = options.semiSynchronous && payload[1] === semiSynchronousMark;
      const event = readEvent(payload.subarray(marked ? 3 : 1));
      file = rotateTo(event) ?? file;
      batch.push(event);
      if (marked && payload[2] === 1) answerTo = event;
    } while (reader.ready && answerTo === undefined);
    await options.keep(batch);
    if (answerTo !== undefined) send(0, acknowledgement(answerTo.next, file));
  }
}

const sessionOf = ({ position, semiSynchronous }: ReplicaOptions): readonly string[] => {
  if (!/^(\d+-\d+-\d+(,\d+-\d+-\d+)*)?$/.test(position)) throw new RangeError(`"${position}" is no position`);
  return [
    "SET @master_heartbeat_period=1000000000",
    "SET @master_binlog_checksum=@@global.binlog_checksum",
    "SET @mariadb_slave_capability=4",
    `SET @slave_connect_state='${position}'`,
    "SET @slave_gtid_strict_mode=0",
    "SET @slave_gtid_ignore_duplicates=0",
    ...(semiSynchronous ? ["SET @rpl_semi_sync_slave=1"] : []),
  ];
};

/** COM_REGISTER_SLAVE: id[4], then host, user and password of length 0, port[2] rank[4] master[4] */
function registerPayload(id: number): Buffer {
  const payload = Buffer.alloc(18);
  payload.writeUInt8(0x15, 0);
  payload.writeUInt32LE(id, 1);
  return payload;
}

/** COM_BINLOG_DUMP: position[4] flags[2] id[4] name. By transactions the name is empty. */
function dumpPayload(id: number): Buffer {
  const payload = Buffer.alloc(11);
  payload.writeUInt8(0x12, 0);
  payload.writeUInt32LE(4, 1);
  payload.writeUInt32LE(id, 7);
  return payload;
}

/** `0xef position[8] name` */
function acknowledgement(position: number, file: string): Buffer {
  const payload = Buffer.alloc(9);
  payload.writeUInt8(semiSynchronousMark, 0);
  payload.writeBigUInt64LE(BigInt(position), 1);
  return Buffer.concat([payload, Buffer.from(file)]);
}
