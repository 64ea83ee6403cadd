import type { Duplex } from "node:stream";
import type { SshConnection } from "../../../libvirt/index.ts";
import { type Answer, type Envelope, Link, readAnswer } from "../../wire/index.ts";
import { type PageBatch, pageBytes } from "../../words.ts";

/** A volume as the frames made it: what a store would hold, in memory. */
export class Pages {
  readonly map = new Map<number, Uint8Array>();
  constructor(base?: Pages) {
    for (const [page, bytes] of base?.map ?? []) this.map.set(page, bytes);
  }
  apply({ numbers, zero, data }: PageBatch): void {
    let at = 0;
    for (const [i, number] of numbers.entries()) {
      if (zero[i] === 1) this.map.delete(number);
      else {
        this.map.set(number, data.subarray(at, at + pageBytes));
        at += pageBytes;
      }
    }
  }
}

export interface Taken {
  readonly facts: Extract<Answer, { kind: "facts" }>["facts"];
  readonly volumes: Map<string, { readonly kind: string; readonly sizeBytes: number; readonly pages: Pages }>;
  readonly end: Extract<Answer, { kind: "end" }>["end"];
  readonly sentBytes: number;
  readonly sentPages: number;
}

interface Open {
  answers: Answer[];
  batches: PageBatch[];
  wake: () => void;
}

/** The engine's end of an agent, for tests: keeps everything in memory. */
export class AgentClient {
  readonly #link: Link;
  readonly #open = new Map<number, Open>();
  readonly stream: Duplex;
  #serial = 0;

  constructor(stream: Duplex) {
    this.stream = stream;
    this.#link = new Link(stream, stream, {
      onMessage: (message: Envelope) => {
        const open = this.#open.get(message.serial);
        const answer = readAnswer(message);
        if (answer) open?.answers.push(answer);
        open?.wake();
      },
      onPages: ({ serial, batch }) => {
        const open = this.#open.get(serial);
        open?.batches.push({ ...batch, data: Uint8Array.from(batch.data) });
        this.#link.send({ kind: "credit", serial: 0, of: serial, frames: 1 }).catch(() => undefined);
      },
    });
    void this.#link.closed.then(() => {
      for (const open of this.#open.values()) open.wake();
    });
  }

  get closed(): Promise<Error | undefined> {
    return this.#link.closed;
  }

  close(): void {
    this.#link.close();
  }

  /** Begins a request: `next` waits for an answer of that kind, or for the end. */
  async begin(message: { readonly kind: string; readonly [more: string]: unknown }) {
    const serial = ++this.#serial;
    const open: Open = { answers: [], batches: [], wake: () => undefined };
    this.#open.set(serial, open);
    await this.#link.send({ ...message, serial });
    const next = async <K extends Answer["kind"]>(kind: K): Promise<Extract<Answer, { kind: K }>> => {
      for (;;) {
        for (const answer of open.answers) {
          if (isKind(answer, kind)) return answer;
          if (answer.kind === "failed") throw new Error(`${answer.failure}: ${answer.words} ${answer.detail ?? ""}`);
          if (answer.kind === "done") throw new Error(`done: ${answer.words}`);
        }
        if (this.#link.isClosed) throw new Error("the agent is gone");
        await new Promise<void>((resolve) => {
          open.wake = resolve;
        });
      }
    };
    return { serial, next, open };
  }

  async ask<K extends Answer["kind"]>(kind: K, message: { readonly kind: string; readonly [more: string]: unknown }) {
    return (await this.begin(message)).next(kind);
  }

  /** A whole capture, put on its base. */
  async capture(message: CaptureMessage, base?: Taken): Promise<Taken> {
    return await this.taken(await this.begin({ kind: "capture", ...message }), base);
  }

  async taken({ next, open }: Awaited<ReturnType<AgentClient["begin"]>>, base?: Taken): Promise<Taken> {
    await next("done");
    const { facts, volumes: listed } = await next("facts");
    const { end } = await next("end");
    const from = facts.base === null ? undefined : base;
    if (facts.base !== null && base?.facts.checkpoint !== facts.base) throw new Error(`its base is ${facts.base}`);
    const volumes: Taken["volumes"] = new Map();
    const late = open.answers.flatMap((answer) => (answer.kind === "volume" ? [answer.volume] : []));
    for (const { name, kind, sizeBytes } of [...listed, ...late])
      volumes.set(name, { kind, sizeBytes, pages: new Pages(from?.volumes.get(name)?.pages) });
    let sentBytes = 0;
    let sentPages = 0;
    for (const batch of open.batches) {
      const volume = volumes.get(batch.volume);
      if (!volume) throw new Error(`pages of ${batch.volume}, which is not listed`);
      volume.pages.apply(batch);
      sentBytes += batch.data.length;
      sentPages += batch.numbers.length;
    }
    return { facts, volumes, end, sentBytes, sentPages };
  }
}

const isKind = <K extends Answer["kind"]>(answer: Answer, kind: K): answer is Extract<Answer, { kind: K }> =>
  answer.kind === kind;

export interface CaptureMessage {
  readonly checkpoint: string;
  readonly vm: string;
  readonly uuid: string;
  readonly organization: string | null;
  readonly base: string | null;
  readonly method: string;
}

/** Starts the agent from a file of the host. */
export async function startAgent(ssh: SshConnection, file: string): Promise<AgentClient> {
  return new AgentClient(await ssh.spawn(["node", file]));
}
