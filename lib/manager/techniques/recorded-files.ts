import type { HandsContext } from "../servers.ts";
import { formatOf, isKept, type LogEvent, newRecording } from "../wrappers/mariadb/door.ts";

/** Where one connection's events go. */
export interface RecordedFiles {
  /** On the disk when it resolves. */
  keep(events: readonly LogEvent[]): Promise<void>;
  /** What comes from now on is in another file: its name. */
  next(): Promise<string>;
  close(): Promise<void>;
}

export function recordingInto(context: Pick<HandsContext, "stateDir">, server: string): RecordedFiles {
  let file: Awaited<ReturnType<typeof newRecording>> | undefined;
  let format: Buffer | undefined;
  // One after the other: a file is not changed while it is written.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const begun = async () => {
    file = await newRecording(context, server);
    if (format !== undefined) await file.add([format]);
    return file;
  };
  return {
    keep: (events) =>
      inTurn(async () => {
        for (const event of events) format = formatOf(event) ?? format;
        const kept = events.filter(isKept).map(({ bytes }) => bytes);
        // With the first event: a server that refuses again and again leaves no files.
        if (kept.length > 0) await (file ?? (await begun())).add(kept);
      }),
    next: () =>
      inTurn(async () => {
        await file?.close();
        return (await begun()).file;
      }),
    close: () => inTurn(async () => await file?.close()),
  };
}
