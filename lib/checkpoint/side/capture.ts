import { type Captured, CaptureFailed, type CaptureProgress, type CaptureRequest } from "../../engine/ports.ts";
import type { HostId, VmId } from "../../model/index.ts";
import type { Answer } from "../wire/index.ts";
import { type ByteStore, type CaptureFrame, pageBytes, type StoredCheckpoint } from "../words.ts";
import type { Agents } from "./agents.ts";
import type { Conversation, Exchange, Heard } from "./conversation.ts";
import { asCaptureError } from "./failures.ts";

export interface CaptureParts {
  readonly store: ByteStore;
  readonly agents: Agents;
}

export const capturedOf = (
  { facts, end, wholeBytes, storedBytes }: StoredCheckpoint,
  asked: CaptureRequest,
): Captured => ({
  ...{ at: end.at, pauseMs: end.pauseMs, tookMs: end.tookMs, changedBytes: end.changedBytes, words: end.words },
  ...{ wholeBytes, storedBytes, method: facts.method === asked.method ? asked.method : methodOf(facts.method) },
});
const methodOf = (method: string): Captured["method"] =>
  method === "background" || method === "live" || method === "stop" ? method : "disk-only";

function hostOf({ vm }: CaptureRequest): HostId {
  if (vm.hostId === null) throw new CaptureFailed("not-possible", "The VM is on no host.");
  return vm.hostId;
}

/** What the agent is told of it. A base that the store cannot build on is none: then everything is sent. */
async function fieldsOf(store: ByteStore, { id, vm, base, method }: CaptureRequest) {
  const isBorne = base !== null && (await store.bears(base, vm.organizationId));
  return {
    ...{ checkpoint: id, vm: vm.id, uuid: vm.uuid, organization: vm.organizationId, method },
    base: isBorne ? base : null,
  };
}

function frameOf(answer: Answer): CaptureFrame | undefined {
  switch (answer.kind) {
    case "facts":
      return { kind: "facts", facts: answer.facts, volumes: answer.volumes };
    case "volume":
      return { kind: "volume", volume: answer.volume };
    case "end":
      return { kind: "end", end: answer.end };
    default:
      return undefined;
  }
}

type OnProgress = (progress: CaptureProgress) => void;

/** What is copied on the host is told by it; what is sent is counted here. */
function counting(onProgress: OnProgress | undefined): (heard: Heard) => void {
  let sent = 0;
  let size = 0;
  return (heard) => {
    if (heard.kind === "pages") {
      sent += heard.batch.numbers.length * pageBytes;
      onProgress?.({ bytesDone: sent, bytesTotal: size });
    } else if (heard.answer.kind === "progress") {
      const { bytesDone, bytesTotal } = heard.answer;
      onProgress?.({ bytesDone, bytesTotal });
    } else if (heard.answer.kind === "facts")
      size = heard.answer.volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  };
}

/** What the store is given: ends with the request, and fails as it does. */
async function* framesOf(exchange: Exchange, onProgress?: OnProgress): AsyncGenerator<CaptureFrame, void> {
  const count = counting(onProgress);
  for await (const heard of exchange) {
    count(heard);
    const frame = heard.kind === "pages" ? heard : frameOf(heard.answer);
    if (frame !== undefined) yield frame;
  }
}

/** Tells the agent that its request is wanted no more. Where the channel is over it knows. */
const callOff = (conversation: Conversation, exchange: Exchange) => {
  exchange.end(new CaptureFailed("interrupted", "The capture was called off."));
  conversation.begin({ kind: "cancel", of: exchange.serial }).catch(() => undefined);
};

function whileWanted(conversation: Conversation, exchange: Exchange, signal: AbortSignal): () => void {
  const stop = () => callOff(conversation, exchange);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return () => signal.removeEventListener("abort", stop);
}

export async function capture(
  { store, agents }: CaptureParts,
  request: CaptureRequest,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<Captured> {
  try {
    const before = await store.get(request.id);
    if (before !== undefined) return capturedOf(before, request);
    const host = hostOf(request);
    return await agents.holding(host, request.vm.uuid, async () => {
      const conversation = await agents.of(host);
      const exchange = await conversation.begin({ kind: "capture", ...(await fieldsOf(store, request)) });
      const forget = whileWanted(conversation, exchange, signal);
      try {
        return capturedOf(await store.put(framesOf(exchange, onProgress)), request);
      } catch (error) {
        callOff(conversation, exchange);
        throw error;
      } finally {
        forget();
      }
    });
  } catch (error) {
    throw asCaptureError(error);
  }
}

/** Reads on until the agent has said this. */
async function heard(exchange: Exchange, kind: Answer["kind"]): Promise<void> {
  for (let next = await exchange.next(); next !== undefined; next = await exchange.next())
    if (next.kind === "answer" && next.answer.kind === kind) return;
  throw new CaptureFailed("interrupted", "The host ended a capture before it had begun.");
}

interface Member {
  readonly request: CaptureRequest;
  readonly conversation: Conversation;
  readonly exchange: Exchange;
}

/** All fulfilled, or all settled and the first error thrown. */
async function allOrNone<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** All are ready before the first is held, and all are held before the first goes on: nobody receives what nobody has sent. */
export async function captureGroup(
  { store, agents }: CaptureParts,
  requests: readonly CaptureRequest[],
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<ReadonlyMap<VmId, Captured>> {
  const members: Member[] = [];
  const forget: (() => void)[] = [];
  const prepare = async (request: CaptureRequest): Promise<void> => {
    const conversation = await agents.of(hostOf(request));
    const exchange = await conversation.begin({ kind: "prepare", ...(await fieldsOf(store, request)) });
    members.push({ request, conversation, exchange });
    forget.push(whileWanted(conversation, exchange, signal));
    await heard(exchange, "prepared");
  };
  const tellAll = (kind: "hold" | "go") =>
    allOrNone(members.map(({ conversation, exchange }) => conversation.ask({ kind, of: exchange.serial })));
  const together = async (): Promise<ReadonlyMap<VmId, Captured>> => {
    await allOrNone(requests.map(prepare));
    await tellAll("hold");
    const gone = tellAll("go");
    gone.catch(() => undefined);
    const kept = members.map(async ({ request, exchange }) => {
      const stored = await store.put(framesOf(exchange, onProgress));
      return [request.vm.id, capturedOf(stored, request)] as const;
    });
    const [found] = await Promise.all([allOrNone(kept), gone]);
    return new Map(found);
  };
  const held = requests.reduceRight<() => Promise<ReadonlyMap<VmId, Captured>>>(
    (work, request) => () => agents.holding(hostOf(request), request.vm.uuid, work),
    together,
  );
  try {
    return await held();
  } catch (error) {
    for (const { conversation, exchange } of members) callOff(conversation, exchange);
    await store.drop(requests.map(({ id }) => id)).catch(() => undefined);
    throw asCaptureError(error);
  } finally {
    for (const stop of forget) stop();
  }
}
