import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CloudView, ServerFrame, TrafficSample } from "../contract/index.ts";
import { fromSnapshot, type LiveCloud } from "./apply.ts";
import type { Result } from "./call.ts";
import { keys, startFeed } from "./feed.ts";
import type { Ears } from "./live.ts";
import { aCloud, anApplication, anEvent, aVm } from "./testing/things.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const application = anApplication(1).id;
const sample = (second: number): TrafficSample => ({
  applicationId: application,
  at: second * 1000,
  answered: 5,
  failed: 0,
});
const running = (seq: number, runId: number) =>
  anEvent(seq, { kind: "vm.changed", vm: aVm(1, { runId }) }, `run ${runId}`);
const refusal = (status: number, code: string): Result<CloudView> => ({
  ok: false,
  refusal: { kind: "refused", status, code, message: "no", field: undefined, cure: undefined },
});

/** A feed whose sockets and snapshots a test answers by hand. */
function setUp() {
  const cache = new QueryClient({ defaultOptions: { queries: { structuralSharing: false } } });
  const sockets: { ears: Ears; sent: unknown[]; closed: boolean }[] = [];
  const snapshots: ((answer: Result<CloudView>) => void)[] = [];
  const onSignedOut = vi.fn();
  const feed = startFeed({
    cache,
    onSignedOut,
    open: (ears) => {
      const socket = { ears, sent: [] as unknown[], closed: false };
      sockets.push(socket);
      return {
        send: (text) => void socket.sent.push(JSON.parse(text)),
        close: () => {
          socket.closed = true;
        },
      };
    },
    snapshot: () => new Promise((resolve) => snapshots.push(resolve)),
  });
  const socket = () => {
    const last = sockets.at(-1);
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  };
  return {
    cache,
    feed,
    onSignedOut,
    sockets,
    snapshots,
    socket,
    says: (frame: ServerFrame) => socket().ears.said(JSON.stringify(frame)),
    begin: (seq: number, more: Partial<CloudView> = {}) => {
      cache.setQueryData<LiveCloud>(keys.cloud, fromSnapshot(aCloud({ seq, ...more })));
      socket().ears.opened();
      socket().ears.said(JSON.stringify({ type: "welcome", seq }));
    },
    cloud: () => cache.getQueryData<LiveCloud>(keys.cloud),
    runId: () => cache.getQueryData<LiveCloud>(keys.cloud)?.vms[0]?.runId,
  };
}

test("no socket is opened before there is a cloud; then it asks some numbers back, for the event log", () => {
  const it = setUp();
  expect(it.sockets).toHaveLength(0);
  it.begin(1_000);
  expect(it.sockets).toHaveLength(1);
  expect(it.socket().sent).toEqual([{ type: "resume", after: 800 }]);
});

test("events from before the snapshot are only lines of the log; newer ones change the cloud too", () => {
  const it = setUp();
  it.begin(10);
  it.says({ type: "events", seq: 10, events: [running(9, 7), running(10, 8)] });
  expect(it.runId()).toBe(1);
  it.says({ type: "events", seq: 11, events: [running(11, 9)] });
  expect(it.runId()).toBe(9);
  expect(it.cache.getQueryData(keys.log)).toMatchObject([{ words: "run 9" }, { words: "run 8" }, { words: "run 7" }]);
});

test("after a loss it resumes from the last number, beats of hidden events included, and asks for missed traffic", () => {
  const it = setUp();
  it.begin(10);
  const invalidate = vi.spyOn(it.cache, "invalidateQueries");
  it.says({ type: "events", seq: 12, events: [running(12, 2)] });
  it.says({ type: "beat", seq: 15 });
  it.socket().ears.closed(1006);
  vi.advanceTimersByTime(250);
  it.socket().ears.opened();
  expect(it.socket().sent).toEqual([{ type: "resume", after: 15 }]);
  expect(invalidate).not.toHaveBeenCalled();
  it.says({ type: "welcome", seq: 15 });
  expect(invalidate).toHaveBeenCalledWith({ queryKey: ["traffic"] });
});

test("a resync takes a fresh snapshot, with what happened while it was on its way", async () => {
  const it = setUp();
  it.begin(10);
  it.says({ type: "resync", seq: 900 });
  it.says({ type: "events", seq: 902, events: [running(901, 5), running(902, 6)] });
  expect(it.cloud()?.seq).toBe(10); // the old one, whole, until the fresh one is here
  it.snapshots[0]?.({ ok: true, value: aCloud({ seq: 901, vms: [aVm(1, { runId: 5 }), aVm(2)] }) });
  await vi.waitFor(() => expect(it.cloud()?.seq).toBe(902));
  expect(it.runId()).toBe(6);
  expect(it.cloud()?.vms).toHaveLength(2);
});

test("a resync whose snapshot fails begins anew from the old number", async () => {
  const it = setUp();
  it.begin(10);
  it.says({ type: "resync", seq: 900 });
  it.says({ type: "beat", seq: 905 });
  it.snapshots[0]?.(refusal(503, "not-available"));
  await vi.waitFor(() => expect(it.socket().closed).toBe(true));
  vi.advanceTimersByTime(250);
  it.socket().ears.opened();
  expect(it.socket().sent).toEqual([{ type: "resume", after: 10 }]);
  expect(it.onSignedOut).not.toHaveBeenCalled();
});

test("a snapshot that comes after its connection was lost is not taken: the next connection says what to do", async () => {
  const it = setUp();
  it.begin(10);
  it.says({ type: "resync", seq: 900 });
  it.socket().ears.closed(1006);
  it.snapshots[0]?.({ ok: true, value: aCloud({ seq: 901 }) });
  await Promise.resolve();
  expect(it.cloud()?.seq).toBe(10);
});

test.each([
  ["signed out", refusal(401, "not-signed-in"), 1],
  ["away", refusal(503, "not-available"), 0],
] as const)("a socket that is refused is asked about: %s", async (_, answer, times) => {
  const it = setUp();
  it.begin(10);
  it.socket().ears.closed(1006);
  vi.advanceTimersByTime(250);
  it.socket().ears.closed(1006); // this one never opened
  it.snapshots[0]?.(answer);
  await Promise.resolve();
  await Promise.resolve();
  expect(it.onSignedOut).toHaveBeenCalledTimes(times);
});

test("traffic is kept for applications that somebody looks at", () => {
  const it = setUp();
  it.begin(10);
  it.says({ type: "traffic", samples: [sample(1)] });
  expect(it.cache.getQueryData(keys.traffic(application))).toBeUndefined();
  it.cache.setQueryData(keys.traffic(application), []);
  it.says({ type: "traffic", samples: [sample(2)] });
  expect(it.cache.getQueryData(keys.traffic(application))).toEqual([sample(2)]);
});

test("after `stop` nothing changes any more", () => {
  const it = setUp();
  it.begin(10);
  it.feed.stop();
  it.says({ type: "events", seq: 11, events: [running(11, 9)] });
  expect(it.runId()).toBe(1);
  expect(it.socket().closed).toBe(true);
});

const customer = { ...aCloud().viewer, role: "customer" as const };
const lost = "It could not be started elsewhere.";

test("a customer's page fetches the cloud anew when something of the provider's changed, once for many, and goes on meanwhile", async () => {
  const it = setUp();
  it.begin(10, { viewer: customer });
  const stale = (seq: number) => anEvent(seq, { kind: "cloud.stale" });
  it.says({ type: "events", seq: 13, events: [stale(11), stale(12), stale(13)] });
  await vi.advanceTimersByTimeAsync(900);
  expect(it.snapshots).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1_200);
  expect(it.snapshots).toHaveLength(1);
  it.says({ type: "events", seq: 14, events: [running(14, 8)] });
  expect(it.runId()).toBe(8); // not held up by the fetch
  it.snapshots[0]?.({ ok: true, value: aCloud({ seq: 13, viewer: customer, vms: [aVm(1, { hostLoss: lost })] }) });
  await vi.advanceTimersByTimeAsync(0);
  expect(it.cloud()?.vms[0]).toMatchObject({ runId: 8, hostLoss: lost });
  expect(it.cloud()?.seq).toBe(14);
  expect(it.cache.getQueryData(keys.log)).toHaveLength(1); // what was stale is no line
});

test("however much changes, a customer's page fetches at most every two seconds, and a failed fetch is done again", async () => {
  const it = setUp();
  it.begin(10, { viewer: customer });
  let seq = 10;
  for (let passedMs = 0; passedMs < 20_000; passedMs += 100) {
    it.says({ type: "events", seq: ++seq, events: [anEvent(seq, { kind: "cloud.stale" })] });
    await vi.advanceTimersByTimeAsync(100);
    it.snapshots.at(-1)?.({ ok: true, value: aCloud({ seq, viewer: customer }) });
  }
  expect(it.snapshots.length).toBeGreaterThan(5);
  expect(it.snapshots.length).toBeLessThanOrEqual(10);
  await vi.advanceTimersByTimeAsync(3_100);
  const before = it.snapshots.length;
  it.snapshots.at(-1)?.(refusal(503, "unavailable"));
  it.says({ type: "beat", seq });
  await vi.advanceTimersByTimeAsync(2_000);
  it.says({ type: "beat", seq });
  await vi.advanceTimersByTimeAsync(2_000);
  it.says({ type: "beat", seq });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(it.snapshots.length).toBe(before + 1);
});

test("a provider's page has the hosts and fetches nothing; nor does a page for events that its snapshot already has", async () => {
  const it = setUp();
  it.begin(10);
  it.says({ type: "events", seq: 11, events: [running(11, 2)] });
  await vi.advanceTimersByTimeAsync(2_400);
  expect(it.snapshots).toHaveLength(0);
  const other = setUp();
  other.begin(10, { viewer: customer });
  other.says({ type: "events", seq: 10, events: [anEvent(9, { kind: "cloud.stale" }), running(10, 2)] });
  await vi.advanceTimersByTimeAsync(2_400);
  expect(other.snapshots).toHaveLength(0);
});
