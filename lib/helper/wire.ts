/**
 * What `belay-host` and the engine say to each other over the helper's socket: one JSON object a line, both ways, at most
 * `maxLineBytes` long. See README.md. A line that cannot be read ends the connection: who speaks differently is another version.
 */
import * as z from "zod/mini";

export const wireVersion = 1;
export const maxLineBytes = 16 * 1024;
const maxPeers = 64;

const watchdogKinds = z.enum(["hardware", "software", "none"]);
const ms = z.number().check(z.int(), z.nonnegative(), z.lte(86_400_000));
const serial = z.number().check(z.int(), z.nonnegative());

const report = z.object({
  kind: z.literal("report"),
  wire: z.literal(wireVersion),
  version: z.string().check(z.maxLength(64)),
  /** Of the lease that binds it; 0 while none does. */
  leaseMs: ms,
  /** "none" also while no lease binds the helper: then nothing would stop the guests. */
  watchdog: watchdogKinds,
  watchdogMs: z.nullable(ms),
  /** Of the lease; see lease.ts. */
  phase: z.enum(["free", "held", "kept", "over", "stopped"]),
  words: z.string().check(z.maxLength(500)),
});
/** The helper is told to stop and will disarm its watchdog once this is acknowledged: its lease protects nothing from then on. */
const bye = z.object({ kind: z.literal("bye"), words: z.string().check(z.maxLength(500)) });
const done = z.object({ kind: z.literal("done"), ok: z.boolean(), words: z.string().check(z.maxLength(500)) });

const peers = z.array(z.string().check(z.regex(/^[A-Za-z0-9:][A-Za-z0-9.:_%-]{0,254}$/))).check(z.maxLength(maxPeers));
/** `peers`: those that the helper goes by now. Helpers of before did not say. */
const ask = z.object({ kind: z.literal("ask"), serial, peers: z.optional(z.readonly(peers)) });

const attend = z.object({ kind: z.literal("attend"), wire: z.literal(wireVersion) });
const grant = z.object({
  kind: z.literal("grant"),
  serial,
  leaseMs: ms.check(z.gte(1_000)),
  peers,
});
const heardBye = z.object({ kind: z.literal("heard-bye") });
const status = z.object({ kind: z.literal("status") });
/** `disarm`: end as SIGTERM does. Without it the watchdog stays armed for the next helper, which has to come in time. */
const stop = z.object({ kind: z.literal("stop"), disarm: z.boolean() });

export const fromHelper = z.discriminatedUnion("kind", [report, ask, bye, done]);
export const toHelper = z.discriminatedUnion("kind", [attend, grant, heardBye, status, stop]);
export type FromHelper = z.infer<typeof fromHelper>;
export type ToHelper = z.infer<typeof toHelper>;
export type Report = z.infer<typeof report>;

export const lineOf = (message: FromHelper | ToHelper): string => `${JSON.stringify(message)}\n`;

/** Cuts a byte stream into lines and reads each. Throws for a line that is too long, no JSON, or none of ours. */
export class LineReader<T> {
  readonly #schema: { parse(value: unknown): T };
  #rest = "";
  readonly #decoder = new TextDecoder();

  constructor(schema: { parse(value: unknown): T }) {
    this.#schema = schema;
  }

  push(chunk: Uint8Array): T[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    if ([this.#rest, ...lines].some((line) => line.length > maxLineBytes))
      throw new Error(`A line is longer than ${maxLineBytes} bytes.`);
    return lines.filter((line) => line.trim() !== "").map((line) => this.#schema.parse(JSON.parse(line)));
  }
}
