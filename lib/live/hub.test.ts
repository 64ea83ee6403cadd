import { expect, test, vi } from "vitest";
import { closeCodes } from "../contract/index.ts";
import type { Viewer } from "../model/index.ts";
import { application, customer, fakeFeed, ids, provider, startHub } from "./testing.ts";

// A machine that has other work to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });

const aster = ids.next("org");
const birch = ids.next("org");
const people = () =>
  new Map<string, Viewer>([
    ["admin", provider],
    ["ada", customer(aster)],
  ]);
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(from + index));

test("a browser gets what it missed, then what happens, each once and in order", async () => {
  const { feed, commit } = fakeFeed();
  for (const name of numbers(250)) commit(application(aster, name));
  await using live = await startHub(feed, people());
  const browser = live.browser("admin", 40);
  expect((await browser.until("welcome")).seq).toBe(250);
  for (const name of numbers(50, 251)) commit(application(aster, name));
  await browser.until("events", ({ seq }) => seq === 300);
  expect(browser.names()).toEqual(numbers(260, 41));
});

test("a socket that comes back resumes where it was, without a gap and without a repetition", async () => {
  const { feed, commit } = fakeFeed();
  await using live = await startHub(feed, people());
  const first = live.browser("admin", 0);
  await first.until("welcome");
  commit(application(aster, "1"));
  const { seq } = await first.until("events");
  first.ws.terminate();
  await first.closed;
  for (const name of numbers(5, 2)) commit(application(aster, name));
  const second = live.browser("admin", seq);
  await second.until("events", (frame) => frame.seq === 6);
  expect([...first.names(), ...second.names()]).toEqual(numbers(6));
});

test("a lost wake costs a delay and no event", async () => {
  const { feed, commit } = fakeFeed();
  await using live = await startHub(feed, people());
  const browser = live.browser("admin", 0);
  await browser.until("welcome");
  commit(application(aster, "unheard"), "quietly");
  await browser.until("events", (frame) => frame.seq === 1);
  expect(browser.names()).toEqual(["unheard"]);
});

test("a customer is sent nothing of another organization, but told how far they are", async () => {
  const { feed, commit } = fakeFeed();
  commit(application(birch, "hidden"));
  await using live = await startHub(feed, people());
  const browser = live.browser("ada", 0);
  await browser.until("welcome");
  commit(application(birch, "hidden"));
  commit(application(aster, "own"));
  const last = commit(application(birch, "hidden"));
  live.hub.traffic([
    { organizationId: birch, sample: { applicationId: ids.next("app"), at: 1, answered: 1, failed: 0 } },
    { organizationId: aster, sample: { applicationId: ids.next("app"), at: 2, answered: 2, failed: 0 } },
  ]);
  await browser.until("beat", ({ seq }) => seq === last);
  expect(browser.names()).toEqual(["own"]);
  expect((await browser.until("traffic")).samples.map(({ at }) => at)).toEqual([2]);
  expect(JSON.stringify(browser.frames)).not.toContain("hidden");
  expect(JSON.stringify(browser.frames)).not.toContain(birch);
});

test("a customer learns that something of the provider's changed, and not what", async () => {
  const { feed, commit } = fakeFeed();
  await using live = await startHub(feed, people());
  const browser = live.browser("ada", 0);
  await browser.until("welcome");
  commit({ kind: "host.removed", hostId: ids.next("hst") });
  commit({ kind: "tolerance.changed", tolerance: [] });
  commit({ kind: "hook.removed", hookId: ids.next("hok") });
  const seq = commit(application(aster, "mine"));
  await browser.until("events", (frame) => frame.seq === seq);
  const events = browser.frames.flatMap((frame) => (frame.type === "events" ? frame.events : []));
  expect(events.map(({ change }) => change.kind)).toEqual(["cloud.stale", "cloud.stale", "application.changed"]);
  expect(events[0]).toEqual({ seq: 1, at: expect.any(Number), words: "", change: { kind: "cloud.stale" } });
});

test("who missed more than is kept, or has numbers of another database, is told to fetch anew and then follows", async () => {
  const { feed, commit } = fakeFeed();
  for (const name of numbers(30)) commit(application(aster, name));
  await using live = await startHub(feed, people(), { keptEvents: 20 });
  const old = live.browser("admin", 5);
  const foreign = live.browser("admin", 31);
  const edge = live.browser("admin", 10);
  expect((await old.until("resync")).seq).toBe(30);
  expect((await foreign.until("resync")).seq).toBe(30);
  await edge.until("events", ({ seq }) => seq === 30);
  expect(edge.names()).toEqual(numbers(20, 11));
  commit(application(aster, "31"));
  for (const browser of [old, foreign]) {
    await browser.until("events", ({ seq }) => seq === 31);
    expect(browser.names()).toEqual(["31"]);
  }
});

test("a reader that stops reading is closed with the code that makes it resume, and holds up nobody", async () => {
  const { feed, commit } = fakeFeed();
  await using live = await startHub(feed, people(), { stallMs: 200, batch: 4 });
  const slow = live.browser("admin", 0);
  const other = live.browser("admin", 0);
  await Promise.all([slow.until("welcome"), other.until("welcome")]);
  slow.ws.pause();
  const bulky = "x".repeat(256 * 1024);
  let last = 0;
  for (let sent = 0; sent < 100; sent++) last = commit(application(aster, bulky)); // 25 MB: more than any kernel keeps for us
  await other.until("events", ({ seq }) => seq === last);
  await expect.poll(() => live.hub.sockets(), { timeout: 10_000 }).toBe(1);
  slow.ws.resume();
  expect([closeCodes.tooSlow, 1006]).toContain(await slow.closed); // 1006: cut off before it came to read the close
  expect(slow.names().length).toBeLessThan(100);
});

test("a session that ended closes its socket, and another one's stays", async () => {
  const { feed, commit } = fakeFeed();
  const signedIn = people();
  await using live = await startHub(feed, signedIn);
  const ada = live.browser("ada", 0);
  const admin = live.browser("admin", 0);
  await Promise.all([ada.until("welcome"), admin.until("welcome")]);
  signedIn.delete("ada");
  expect(await ada.closed).toBe(closeCodes.signedOut);
  const seq = commit(application(aster, "later"));
  await admin.until("events", (frame) => frame.seq === seq);
  expect(ada.names()).toEqual([]);
});

test("another page's socket is refused, and one of nobody is told to sign in", async () => {
  const { feed } = fakeFeed();
  await using live = await startHub(feed, people());
  const foreign = live.browser("admin", 0, "http://elsewhere.test");
  expect(await foreign.closed).toBe(1006);
  expect(foreign.frames).toEqual([]);
  expect(await live.browser("nobody", 0).closed).toBe(closeCodes.signedOut);
});

test.each([
  ["no frame", undefined],
  ["not JSON", "resume"],
  ["another frame", JSON.stringify({ type: "events" })],
])("a socket that begins with %s is closed", async (_, text) => {
  const { feed } = fakeFeed();
  await using live = await startHub(feed, people(), { resumeMs: 100 });
  const browser = live.browser("admin", undefined);
  browser.ws.on("open", () => text !== undefined && browser.ws.send(text));
  expect(await browser.closed).toBe(closeCodes.badFrame);
});

test("when the hub stops, every socket is told that the server goes away", async () => {
  const { feed } = fakeFeed();
  await using live = await startHub(feed, people());
  const browser = live.browser("admin", 0);
  await browser.until("welcome");
  await live.hub.stop();
  expect(await browser.closed).toBe(closeCodes.goingAway);
  expect(live.hub.sockets()).toBe(0);
});
