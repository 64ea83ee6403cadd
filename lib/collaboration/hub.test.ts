import { expect, test, vi } from "vitest";
import { managerCloseCodes } from "../contract/index.ts";
import type { Viewer } from "../model/index.ts";
import { accepted, eventOf, keyOf, startHub } from "./testing/hub.ts";
import { fakeConversation, ids } from "./testing/store.ts";

// A machine that has other work to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });

const aster = ids.next("org");
const birch = ids.next("org");
const keys = () =>
  new Map<string, Viewer>([
    ["aster", keyOf(aster)],
    ["birch", keyOf(birch)],
    ["reader", keyOf(aster, ["read"])],
    ["person", { userId: ids.next("usr"), name: "ada", organizationId: aster, role: "customer" }],
    ["operator", { userId: null, name: "operator", organizationId: ids.next("org"), role: "provider" }],
  ]);
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(from + index));

test("a manager is welcomed, gets what nobody has, in order and once, then what is said", async () => {
  const talk = fakeConversation();
  for (const words of numbers(50)) talk.say(aster, words);
  talk.say(birch, "hidden");
  await using live = await startHub(talk.store, keys());
  const one = live.manager("aster");
  expect(await one.until("welcome")).toMatchObject({ standing: "active", epoch: 1, protocol: 1 });
  talk.say(aster, "51");
  talk.say(aster, "52", { quietly: true }); // the beat looks too
  await vi.waitFor(() => expect(one.words()).toHaveLength(52), 10_000);
  expect(one.words()).toEqual(numbers(52));
  await vi.waitFor(() =>
    expect(talk.messages.filter((it) => it.from === "provider" && it.receivedAt === null)).toHaveLength(1),
  );
  await one.until("beat");
});

test("what was not said to be received comes again after the next connection, with the same id and no more in flight than agreed", async () => {
  const talk = fakeConversation();
  for (const words of numbers(9)) talk.say(aster, words);
  await using live = await startHub(talk.store, keys(), { inFlight: 4 });
  const deaf = live.manager("aster", { silent: true });
  await vi.waitFor(() => expect(deaf.words()).toEqual(numbers(4)));
  deaf.send({ type: "received", id: deaf.messages()[0]?.id });
  await vi.waitFor(() => expect(deaf.words()).toEqual(numbers(5)));
  deaf.ws.terminate();
  await deaf.closed;
  const back = live.manager("aster");
  expect((await back.until("welcome")).epoch).toBe(1); // it came back before its lease ended
  await vi.waitFor(() => expect(back.words()).toEqual(numbers(8, 2)));
  expect(back.messages()[0]?.id).toBe(deaf.messages()[1]?.id);
});

test("a manager that never says received is closed as too slow", async () => {
  const talk = fakeConversation();
  talk.say(aster, "1");
  await using live = await startHub(talk.store, keys(), { receivedMs: 100 });
  expect(await live.manager("aster", { silent: true }).closed).toBe(managerCloseCodes.tooSlow);
});

test("what it says is taken once, or refused with words; a message that is wrong costs no connection", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys());
  const one = live.manager("aster");
  const { epoch } = await one.until("welcome");
  const event = eventOf(accepted(), epoch);
  one.send({ type: "message", message: event });
  one.send({ type: "message", message: event });
  await one.until("taken", ({ id }) => id === event.id);
  const stale = eventOf(accepted(), epoch + 1);
  one.send({ type: "message", message: stale });
  expect(await one.until("refused", ({ id }) => id === stale.id)).toMatchObject({
    error: { code: "conflict", field: "epoch", cure: "Connect again." },
  });
  const wrong = { ...eventOf(accepted()), data: { kind: "repair.accepted", repair: "rep_1" } };
  one.send({ type: "message", message: wrong });
  expect(await one.until("refused", ({ id }) => id === wrong.id)).toMatchObject({
    error: { code: "bad-input", field: "message.data.repair" },
  });
  const without = eventOf(accepted());
  one.send({ type: "message", message: without });
  await one.until("taken", ({ id }) => id === without.id);
  expect(talk.messages.map(({ id }) => id)).toEqual([event.id, without.id]);
});

test("sensors are taken of their own applications only", async () => {
  const talk = fakeConversation();
  const [own, others] = [talk.application(aster), talk.application(birch)];
  await using live = await startHub(talk.store, keys());
  const one = live.manager("aster");
  await one.until("welcome");
  one.send({ type: "sensors", applicationId: others, sensors: [] });
  expect(await one.until("refused")).toMatchObject({ id: null, error: { code: "not-found", field: "applicationId" } });
  one.send({ type: "sensors", applicationId: own, sensors: [] });
  await vi.waitFor(() => expect(talk.reports).toMatchObject([{ organizationId: aster, applicationId: own }]));
});

test("of two managers one acts; the other hears nothing until the first one leaves", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys());
  const first = live.manager("aster", { instance: "instance-a" });
  await first.until("welcome");
  const second = live.manager("aster", { instance: "instance-b" });
  expect(await second.until("welcome")).toMatchObject({ standing: "standby", epoch: 0 });
  talk.say(aster, "1");
  await vi.waitFor(() => expect(first.words()).toEqual(["1"]));
  const early = eventOf(accepted(), 1); // it may have read the number somewhere: it does not speak for that
  second.send({ type: "message", message: early });
  expect(await second.until("refused")).toMatchObject({ id: early.id, error: { code: "conflict" } });
  expect(second.words()).toEqual([]);
  first.ws.close(1000);
  expect(await second.until("standing")).toMatchObject({ standing: "active", epoch: 2 });
  talk.say(aster, "2");
  await vi.waitFor(() => expect(second.words()).toEqual(["2"]));
});

test("a manager that died without a word is followed when its lease ends", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys(), { leaseMs: 400 });
  const first = live.manager("aster", { instance: "instance-a", silent: true });
  await first.until("welcome");
  talk.say(aster, "1");
  await vi.waitFor(() => expect(first.words()).toEqual(["1"]));
  const second = live.manager("aster", { instance: "instance-b" });
  await second.until("welcome");
  first.ws.pause(); // neither frames nor pongs: as a process that stands still
  expect(await second.until("standing")).toMatchObject({ standing: "active", epoch: 2 });
  await vi.waitFor(() => expect(second.words()).toEqual(["1"]));
});

/** How many beats came beside how many pings: the server pings as long as it has the connection. */
function counted({ ws, frames }: ReturnType<Awaited<ReturnType<typeof startHub>>["manager"]>) {
  let pings = 0;
  let beatsBefore = 0;
  ws.on("ping", () => pings++);
  const beats = () => frames.filter(({ type }) => type === "beat").length;
  return {
    since: () => {
      pings = 0;
      beatsBefore = beats();
    },
    pings: () => pings,
    beats: () => beats() - beatsBefore,
  };
}

test("the right that is written down outlives what any beat promises", async () => {
  const talk = fakeConversation();
  const claimedFor: number[] = [];
  const claimManager: typeof talk.store.claimManager = (manager, forMs, at) => {
    claimedFor.push(forMs);
    return talk.store.claimManager(manager, forMs, at);
  };
  await using live = await startHub({ ...talk.store, claimManager }, keys(), { leaseMs: 5000, wayMs: 700 });
  const { leaseMs } = await live.manager("aster").until("welcome");
  expect(leaseMs).toBe(5000);
  await vi.waitFor(() => expect(claimedFor.length).toBeGreaterThan(2));
  // a beat goes out up to three beats after its claim was asked for, and takes a while on its way
  expect(Math.min(...claimedFor)).toBeGreaterThanOrEqual(5000 + 700 + 3 * 50);
});

test("no beat promises a right that could not be renewed", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys());
  const one = live.manager("aster");
  await one.until("beat");
  const count = counted(one);
  talk.away(true);
  await vi.waitFor(() => expect(count.pings()).toBeGreaterThan(10), 10_000);
  count.since();
  await vi.waitFor(() => expect(count.pings()).toBeGreaterThan(10), 10_000);
  expect(count.beats()).toBe(0);
  talk.away(false);
  await vi.waitFor(() => expect(count.beats()).toBeGreaterThan(0));
});

test("a manager that is not heard any more is promised nothing more", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys(), { leaseMs: 2000 });
  const one = live.manager("aster", { autoPong: false });
  const count = counted(one);
  await one.closed;
  expect(count.pings()).toBeGreaterThan(30); // it was kept for its lease
  expect(count.beats()).toBeLessThan(count.pings() * 0.75); // and its right was renewed for half of that
});

test.each(["reader", "person", "operator", "nobody"])("%s is no manager", async (key) => {
  await using live = await startHub(fakeConversation().store, keys());
  expect(await live.manager(key).closed).toBe(managerCloseCodes.keyRefused);
});

test("a revoked key ends its connection and its right to act", async () => {
  const talk = fakeConversation();
  const known = keys();
  await using live = await startHub(talk.store, known, { recheckMs: 50 });
  const one = live.manager("aster", { instance: "instance-a" });
  await one.until("welcome");
  known.set("aster-2", keyOf(aster));
  known.delete("aster");
  expect(await one.closed).toBe(managerCloseCodes.keyRefused);
  const other = live.manager("aster-2", { instance: "instance-b" });
  await vi.waitFor(() => expect(talk.epochOf(aster)).toBe(2));
  await vi.waitFor(() => expect(other.frames.some((it) => "standing" in it && it.standing === "active")).toBe(true));
});

test("what is no frame, and a hello that does not come, ends the connection", async () => {
  await using live = await startHub(fakeConversation().store, keys(), { helloMs: 200 });
  expect(await live.manager("aster", { mute: true }).closed).toBe(managerCloseCodes.badFrame);
  const noisy = live.manager("birch");
  await noisy.until("welcome");
  noisy.ws.send("{");
  expect(await noisy.closed).toBe(managerCloseCodes.badFrame);
  const old = live.manager("birch", { mute: true });
  old.ws.once("open", () => old.send({ type: "hello", protocol: 2, instance: "instance-1", name: "x", version: "" }));
  expect(await old.closed).toBe(managerCloseCodes.badFrame);
});

test("while the database is away the manager stays connected, and is told to send again", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys());
  const one = live.manager("aster");
  await one.until("welcome");
  talk.away(true);
  const event = eventOf(accepted());
  one.send({ type: "message", message: event });
  expect(await one.until("refused")).toMatchObject({ id: event.id, error: { code: "not-available" } });
  talk.away(false);
  one.send({ type: "message", message: event });
  await one.until("taken");
});

test("a server that stops says so, and keeps the lease for the manager that comes back", async () => {
  const talk = fakeConversation();
  const live = await startHub(talk.store, keys());
  const one = live.manager("aster");
  await one.until("welcome");
  await live.hub.stop();
  expect(await one.closed).toBe(managerCloseCodes.goingAway);
  await using next = await startHub(talk.store, keys());
  expect(await next.manager("aster").until("welcome")).toMatchObject({ standing: "active", epoch: 1 });
  await live[Symbol.asyncDispose]();
});

test("a manager that says much at once is answered in its order, and is read no faster than it is worked off", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys(), { waiting: 4 });
  const one = live.manager("aster");
  await one.until("welcome");
  const events = Array.from({ length: 500 }, () => eventOf(accepted()));
  for (const message of events) one.send({ type: "message", message });
  const last = events.at(-1)?.id;
  await one.until("taken", ({ id }) => id === last);
  const answers = one.frames.flatMap((frame) => (frame.type === "taken" ? [frame.id] : []));
  expect(answers).toEqual(events.map(({ id }) => id));
});

test("the same manager that connects again takes the place of its dead connection, and keeps its epoch", async () => {
  const talk = fakeConversation();
  await using live = await startHub(talk.store, keys());
  const first = live.manager("aster", { silent: true });
  await first.until("welcome");
  const again = live.manager("aster");
  expect(await again.until("welcome")).toMatchObject({ standing: "active", epoch: 1 });
  expect(await first.closed).toBe(managerCloseCodes.goingAway);
  talk.say(aster, "1");
  await vi.waitFor(() => expect(again.words()).toEqual(["1"]));
  expect(talk.epochOf(aster)).toBe(1);
});
