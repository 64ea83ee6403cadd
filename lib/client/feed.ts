import type { QueryClient } from "@tanstack/react-query";
import type { CloudEvent, ConversationMessageView, ServerFrame, TrafficSample } from "../contract/index.ts";
import type { ApplicationId, IncidentId, VmId } from "../model/index.ts";
import { applyEvents, fromSnapshot, type LiveCloud } from "./apply.ts";
import { isSignedOut, orThrow, type Refusal } from "./call.ts";
import { type AdviceRequest, fetchCheckpointAdvice, fetchCheckpoints } from "./checkpoint-requests.ts";
import { conversationQuery } from "./collaboration-requests.ts";
import { withMessage } from "./conversation.ts";
import { addLines, type LogLine, lineMaker, logLines } from "./event-log.ts";
import { type Live, type LiveOptions, type LiveState, startLive } from "./live.ts";
import { createRefresher, outdates } from "./refresher.ts";
import { fetchCloud, fetchTraffic } from "./requests.ts";
import { mergeTraffic, trafficSeconds } from "./traffic.ts";

/** The keys of react-query's cache, which is the page's only state of the cloud. */
export const keys = {
  cloud: ["cloud"],
  live: ["live"],
  log: ["log"],
  traffic: (id: ApplicationId) => ["traffic", id],
  incidents: ["incidents"],
  incident: (id: string) => ["incidents", id],
  checkpoints: (id: VmId) => ["checkpoints", id],
  advice: ({ of, everyMs }: AdviceRequest) => ["checkpoint-advice", of, everyMs],
} as const;

/** Events that are held while a fresh snapshot is on its way. More than that, and the connection is begun anew. */
const heldEvents = 5_000;

export interface Feed {
  retryNow(): void;
  stop(): void;
}

export interface FeedOptions {
  readonly cache: QueryClient;
  readonly open: LiveOptions["open"];
  /** The server says that nobody is signed in any more. */
  readonly onSignedOut: () => void;
  /** Asks for the cloud anew; the API's by default. */
  readonly snapshot?: typeof fetchCloud;
}

/** Keeps the cache true by one socket, from the moment the first snapshot is in it until `stop`. */
export function startFeed({ cache, open, onSignedOut, snapshot = fetchCloud }: FeedOptions): Feed {
  const cloud = () => cache.getQueryData<LiveCloud>(keys.cloud);
  const linesOf = lineMaker();
  let live: Live | undefined;
  let stopped = false;
  let held: CloudEvent[] | undefined;
  /** What came while a fetch of `refresh` is on its way; undefined when there is none, or when it is not wanted any more. */
  let missed: CloudEvent[] | undefined;

  const signedOut = (refusal: Refusal) => refusal.kind === "refused" && refusal.code === "not-signed-in";

  /** Numbers that were not for this viewer count as read, so that a resume asks for no more than was missed. */
  const onBeat = (seq: number) => {
    const known = cloud();
    if (known !== undefined && held === undefined && seq > known.seq) cache.setQueryData(keys.cloud, { ...known, seq });
  };

  const onEvents = (events: readonly CloudEvent[], seq: number) => {
    const known = cloud();
    if (known === undefined) return;
    if (outdates(events, known)) refresher.want();
    missed?.push(...events);
    if (missed !== undefined && missed.length > heldEvents) missed = undefined;
    for (const { change } of events)
      if (change.kind === "conversation.changed") onSaid(change.incidentId, change.message);
    const lines = linesOf(events, known.vms);
    cache.setQueryData<readonly LogLine[]>(keys.log, (log = []) => addLines(log, lines));
    if (held === undefined) return void cache.setQueryData<LiveCloud>(keys.cloud, applyEvents(known, events, seq));
    held.push(...events);
    if (held.length > heldEvents) live?.giveUp("Too much happened while the page was brought up to date.");
  };

  /** Whoever looks at a conversation later fetches it whole. */
  const onSaid = (incident: IncidentId | null, message: ConversationMessageView) =>
    cache.setQueryData(conversationQuery(incident).queryKey, (known) => known && withMessage(known, message));

  const onTraffic = (samples: readonly TrafficSample[]) => {
    for (const [id, more] of Map.groupBy(samples, (it) => it.applicationId)) {
      // Nobody looks at it: whoever does later fetches the last minutes first.
      if (cache.getQueryState(keys.traffic(id)) === undefined) continue;
      cache.setQueryData<readonly TrafficSample[]>(keys.traffic(id), (known = []) => mergeTraffic(known, more));
    }
  };

  /**
   * Too much was missed: fetch the cloud anew. Until it is here the old one stays as it is, with its old number, so that a connection
   * lost meanwhile resumes from there and is told to resync again.
   */
  const resync = async () => {
    const mine: CloudEvent[] = [];
    held = mine;
    missed = undefined;
    const fresh = await snapshot();
    if (stopped || held !== mine) return;
    held = undefined;
    if (fresh.ok) {
      cache.setQueryData<LiveCloud>(keys.cloud, applyEvents(fromSnapshot(fresh.value), mine, fresh.value.seq));
    } else if (signedOut(fresh.refusal)) onSignedOut();
    else live?.giveUp("The page could not be brought up to date.");
  };

  /** The connection is well, and the server said that there is more to know than it may say by events. The page goes on meanwhile. */
  const refresh = async (): Promise<boolean> => {
    if (held !== undefined) return false;
    const mine: CloudEvent[] = [];
    missed = mine;
    const fresh = await snapshot();
    if (stopped || missed !== mine) return false;
    missed = undefined;
    if (fresh.ok)
      cache.setQueryData<LiveCloud>(keys.cloud, applyEvents(fromSnapshot(fresh.value), mine, fresh.value.seq));
    else if (signedOut(fresh.refusal)) onSignedOut();
    return fresh.ok;
  };
  const refresher = createRefresher(refresh);

  /** A socket that is refused does not say why; a request does. */
  const askWhyRefused = async () => {
    const answer = await snapshot();
    if (!stopped && !answer.ok && signedOut(answer.refusal)) onSignedOut();
  };

  const onFrame = (frame: ServerFrame) => {
    switch (frame.type) {
      case "events":
        return onEvents(frame.events, frame.seq);
      case "traffic":
        return onTraffic(frame.samples);
      case "resync":
        return void resync();
      case "beat":
        return onBeat(frame.seq);
      case "welcome":
        return;
    }
  };

  let connections = 0;
  const onState = (state: LiveState) => {
    cache.setQueryData<LiveState>(keys.live, state);
    if (state.kind === "dropped") held = missed = undefined;
    // Traffic is not numbered, so what was missed of it is asked for.
    if (state.kind === "live" && connections++ > 0) void cache.invalidateQueries({ queryKey: ["traffic"] });
    if (state.kind === "live") void cache.invalidateQueries({ queryKey: ["conversation"] });
  };

  const begin = () => {
    if (stopped || live !== undefined || cloud() === undefined) return;
    live = startLive({
      open,
      // The first time some numbers back, for the event log.
      lastSeq: () => Math.max(0, (cloud()?.seq ?? 0) - (connections === 0 ? logLines : 0)),
      onFrame,
      onState,
      onRefused: () => void askWhyRefused(),
    });
  };

  const unsubscribe = cache.getQueryCache().subscribe(({ query }) => {
    if (query.queryKey[0] !== keys.cloud[0]) return;
    if (isSignedOut(query.state.error)) onSignedOut();
    begin();
  });
  begin();

  return {
    retryNow: () => live?.retryNow(),
    stop: () => {
      stopped = true;
      refresher.stop();
      unsubscribe();
      live?.stop();
    },
  };
}

/** The snapshot. It is fetched once; from then on the socket keeps it true. */
export const cloudQuery = {
  queryKey: keys.cloud,
  queryFn: async () => fromSnapshot(await orThrow(fetchCloud())),
  staleTime: Number.POSITIVE_INFINITY,
};

/** An application's last minutes; the socket adds each second as it comes. */
export const trafficQuery = (cache: QueryClient, id: ApplicationId) => ({
  queryKey: keys.traffic(id),
  queryFn: async () => {
    const fetched = await orThrow(fetchTraffic(id, trafficSeconds));
    return mergeTraffic(fetched, cache.getQueryData<readonly TrafficSample[]>(keys.traffic(id)) ?? []);
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** A VM's checkpoints. Events do not carry them: whoever shows them asks again when the status of the VM changed. */
export const checkpointsQuery = (id: VmId) => ({
  queryKey: keys.checkpoints(id),
  queryFn: () => orThrow(fetchCheckpoints(id)),
  staleTime: 0,
});

/** Asked anew each time that a choice is looked at: costs and failures may be newer. */
export const adviceQuery = (request: AdviceRequest) => ({
  queryKey: keys.advice(request),
  queryFn: ({ signal }: { signal: AbortSignal }) => orThrow(fetchCheckpointAdvice(request, signal)),
  staleTime: 0,
});
