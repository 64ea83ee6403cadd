import { Duplex } from "node:stream";
import type { RpcStream } from "./stream.ts";

const zeros = Buffer.alloc(64 * 1024);

/**
 * A stream as Node's Duplex: for consoles, channels and `pipeline`. Holes come out as zeros. Ending the writable side, or the end
 * of the server's data, finishes the stream; destroying it aborts.
 */
export function toDuplex(stream: RpcStream<unknown>): Duplex {
  let holeBytes = 0n;
  const readOn = async (duplex: Duplex): Promise<void> => {
    if (holeBytes > 0n) {
      const part = holeBytes < BigInt(zeros.length) ? Number(holeBytes) : zeros.length;
      holeBytes -= BigInt(part);
      duplex.push(zeros.subarray(0, part));
      return;
    }
    const item = await stream.read();
    if (item?.kind === "data") duplex.push(item.bytes);
    else if (item) {
      holeBytes = item.lengthBytes;
      await readOn(duplex);
    } else {
      await stream.finish();
      duplex.push(null);
    }
  };
  const tell = (work: Promise<void>, done: (error?: Error) => void) => {
    work.then(
      () => done(),
      (error: Error) => done(error),
    );
  };
  return new Duplex({
    read() {
      readOn(this).catch((error: Error) => this.destroy(error));
    },
    write: (chunk: Buffer, _encoding, done) => tell(stream.write(chunk), done),
    final: (done) => tell(stream.finish(), done),
    destroy: (error, done) => tell(stream.abort(), (failed) => done(error ?? failed ?? null)),
  });
}
