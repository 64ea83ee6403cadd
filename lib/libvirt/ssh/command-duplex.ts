import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";

const maxReasonBytes = 4096;

/**
 * A command's input and output as one byte stream. Its end waits for the command's own end, so that a failure is told with what
 * the command wrote on stderr, not as a mere close.
 */
export function commandDuplex(channel: ClientChannel, what: string): Duplex {
  let reason = "";
  let code: number | null = 0;
  const duplex = new Duplex({
    read: () => void channel.resume(),
    // What a command that has ended did not read is dropped: its end, which follows, says why.
    write: (chunk: Buffer, _encoding, done) => {
      if (channel.writable) channel.write(chunk, () => done());
      else done();
    },
    final: (done) => void channel.end(done),
    destroy: (error, done) => {
      channel.close();
      done(error);
    },
  });
  // The command may end before its user listens: that must not end the process.
  duplex.on("error", () => undefined);
  channel.on("data", (chunk: Buffer) => {
    if (!duplex.push(chunk)) channel.pause();
  });
  channel.stderr.on("data", (chunk: Buffer) => {
    if (reason.length < maxReasonBytes) reason += chunk.toString("utf8", 0, maxReasonBytes);
  });
  channel.on("exit", (status: number | null) => {
    code = status;
  });
  channel.on("error", (error: Error) => duplex.destroy(error));
  channel.on("close", () => {
    if (code === 0) {
      duplex.push(null);
      return;
    }
    duplex.destroy(new Error(`${what} ended with ${code ?? "a signal"}: ${reason.trim() || "no reason given"}`));
  });
  return duplex;
}
