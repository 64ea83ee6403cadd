import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { closeCodes, type ServerFrame, silenceMeansDroppedMs } from "../contract/index.ts";
import { type Ears, type LiveState, type Socket, startLive } from "./live.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class FakeSocket implements Socket {
  readonly sent: unknown[] = [];
  closed = false;
  readonly ears: Ears;
  constructor(ears: Ears) {
    this.ears = ears;
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  says(frame: ServerFrame | string) {
    this.ears.said(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

function setUp() {
  const sockets: FakeSocket[] = [];
  const states: LiveState[] = [];
  const frames: ServerFrame[] = [];
  const page = { seq: 7, refused: 0 };
  const live = startLive({
    open: (ears) => {
      const socket = new FakeSocket(ears);
      sockets.push(socket);
      return socket;
    },
    lastSeq: () => page.seq,
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    onRefused: () => page.refused++,
    random: () => 0.5,
  });
  const latest = () => {
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  };
  const goLive = () => {
    latest().ears.opened();
    latest().says({ type: "welcome", seq: page.seq });
  };
  return { live, sockets, states, frames, page, latest, goLive, state: () => states.at(-1) };
}

describe("a connection", () => {
  test("asks for what came after the last number, and is live when it is welcomed", () => {
    const it = setUp();
    expect(it.state()?.kind).toBe("connecting");
    it.goLive();
    expect(it.latest().sent).toEqual([{ type: "resume", after: 7 }]);
    expect(it.state()?.kind).toBe("live");
  });

  test("stays live while beats come, and is dropped within 3 s of the last one", () => {
    const it = setUp();
    it.goLive();
    for (let second = 0; second < 10; second++) {
      vi.advanceTimersByTime(1_000);
      it.latest().says({ type: "beat", seq: 7 });
    }
    expect(it.state()?.kind).toBe("live");
    expect(silenceMeansDroppedMs).toBeLessThan(3_000);
    vi.advanceTimersByTime(silenceMeansDroppedMs);
    expect(it.state()).toMatchObject({ kind: "dropped", words: "The server has gone silent." });
    expect(it.latest().closed).toBe(true);
  });

  test("that hangs while opening is given up as well", () => {
    const it = setUp();
    vi.advanceTimersByTime(silenceMeansDroppedMs);
    expect(it.state()?.kind).toBe("dropped");
  });

  test("that is closed is dropped at once, and resumes from where the page then is", () => {
    const it = setUp();
    it.goLive();
    it.page.seq = 12;
    it.latest().ears.closed(1006);
    expect(it.state()?.kind).toBe("dropped");
    vi.advanceTimersByTime(250);
    expect(it.sockets).toHaveLength(2);
    it.goLive();
    expect(it.latest().sent).toEqual([{ type: "resume", after: 12 }]);
    expect(it.state()?.kind).toBe("live");
  });

  test("is live as well where too much was missed and the page is told to begin anew", () => {
    const it = setUp();
    it.latest().ears.opened();
    it.latest().says({ type: "resync", seq: 9000 });
    expect(it.state()?.kind).toBe("live");
  });

  test.each([
    [closeCodes.signedOut, 1],
    [closeCodes.goingAway, 0],
    [closeCodes.tooSlow, 0],
  ])("that is closed with %d asks why %d times", (code, times) => {
    const it = setUp();
    it.goLive();
    it.latest().ears.closed(code);
    expect(it.page.refused).toBe(times);
  });

  test("that was never opened asks why it was refused", () => {
    const it = setUp();
    it.latest().ears.closed(1006);
    expect(it.page.refused).toBe(1);
  });

  test.each(["not JSON", '{"type":"news"}', '{"type":"events","seq":"8","events":[]}'])(
    "that sends %s is dropped, and the frame goes no further",
    (text) => {
      const it = setUp();
      it.goLive();
      it.latest().says(text);
      expect(it.state()?.kind).toBe("dropped");
      expect(it.frames.map((frame) => frame.type)).toEqual(["welcome"]);
    },
  );
});

describe("after a loss", () => {
  test("the pauses grow to 5 s and no further, and `since` stays the moment of the loss", () => {
    const it = setUp();
    it.goLive();
    it.latest().ears.closed(1006);
    const lostAt = Date.now();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const state = it.state();
      if (state?.kind !== "dropped" || state.nextAttemptAt === null) throw new Error("expected a planned attempt");
      expect(state.since).toBe(lostAt);
      pauses.push(state.nextAttemptAt - Date.now());
      vi.advanceTimersByTime(state.nextAttemptAt - Date.now());
      it.latest().ears.closed(1006);
    }
    expect(pauses).toEqual([188, 375, 750, 1500, 3000, 3750, 3750, 3750]);
  });

  test("a person who does not want to wait tries at once, and an attempt under way is left alone", () => {
    const it = setUp();
    it.goLive();
    it.latest().ears.closed(1006);
    it.live.retryNow();
    it.live.retryNow();
    expect(it.sockets).toHaveLength(2);
  });

  test("the old socket is not listened to any more", () => {
    const it = setUp();
    it.goLive();
    const old = it.latest();
    it.live.giveUp("for a test");
    old.says({ type: "beat", seq: 9 });
    expect(it.frames.map((frame) => frame.type)).toEqual(["welcome"]);
    expect(it.state()).toMatchObject({ kind: "dropped", words: "for a test" });
  });

  test("`stop` is the end: nothing is opened and nothing is told", () => {
    const it = setUp();
    it.goLive();
    it.live.stop();
    const told = it.states.length;
    vi.advanceTimersByTime(60_000);
    expect(it.sockets).toHaveLength(1);
    expect(it.latest().closed).toBe(true);
    expect(it.states).toHaveLength(told);
  });
});
