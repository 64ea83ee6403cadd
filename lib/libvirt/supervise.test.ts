import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HostKeyMismatch, isRpcError } from "./errors.ts";
import { backoffMs, type LinkState, supervise } from "./supervise.ts";
import { FakeServer } from "./testing/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const backoff = { initialMs: 100, maxMs: 1000 };

function watched(server: FakeServer) {
  const link = supervise({ dialer: server.dialer(), keepalive: false, backoff, random: () => 0 });
  const seen: LinkState[] = [];
  const done = (async () => {
    for await (const state of link.states()) seen.push(state);
  })();
  return { link, seen, done, names: () => seen.map(({ state }) => state) };
}

describe("the wait between attempts", () => {
  it.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 800],
    [5, 1000],
    [500, 1000],
  ])("after %i failures is at most %i ms", (failures, most) => {
    expect(backoffMs(backoff, failures, 0)).toBe(most);
    expect(backoffMs(backoff, failures, 1)).toBe(most / 2);
  });

  it("never leaves its bounds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const wait = backoffMs(backoff, failures, random);
          expect(wait).toBeGreaterThanOrEqual(50);
          expect(wait).toBeLessThanOrEqual(1000);
        },
      ),
    );
  });
});

describe("a supervised connection", () => {
  it("opens, comes back after a loss, and tells each step", async () => {
    const server = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
    const { link, seen, done, names } = watched(server);
    const first = await link.connection({ timeoutMs: 1000 });
    expect((await first.call("connect_get_hostname")).hostname).toBe("h");
    server.allClients[0]?.endSide();
    const lost = await first.closed;
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.at(-1)).toEqual({ state: "waiting", nextAttemptAt: Date.now() + 100, lastError: lost });
    const second = link.connection({ timeoutMs: 1000 });
    await vi.advanceTimersByTimeAsync(100);
    expect(await second).not.toBe(first);
    expect((await (await second).call("connect_get_hostname")).hostname).toBe("h");
    await link.close();
    await done;
    expect(names()).toEqual(["connecting", "open", "waiting", "connecting", "open", "closed"]);
  });

  it("tries ever more slowly while it fails, and says why", async () => {
    const server = new FakeServer();
    server.refuses = new Error("no route to host");
    const { link, seen, done } = watched(server);
    const waits: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      await vi.advanceTimersByTimeAsync(0);
      const state = seen.at(-1);
      if (state?.state !== "waiting") throw new Error(`waiting expected, not ${state?.state}`);
      expect(state.lastError.message).toBe("fake server: no route to host");
      waits.push(state.nextAttemptAt - Date.now());
      await vi.advanceTimersByTimeAsync(state.nextAttemptAt - Date.now());
    }
    expect(waits).toEqual([100, 200, 400, 800, 1000]);
    await link.close();
    await done;
  });

  it("does not dial in a tight circle when each connection is lost at once", async () => {
    const server = new FakeServer();
    const { link, seen, done } = watched(server);
    const waits: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      await link.connection({ timeoutMs: 1000 });
      server.allClients.at(-1)?.endSide();
      await vi.advanceTimersByTimeAsync(0);
      const state = seen.at(-1);
      if (state?.state !== "waiting") throw new Error(`waiting expected, not ${state?.state}`);
      waits.push(state.nextAttemptAt - Date.now());
      await vi.advanceTimersByTimeAsync(state.nextAttemptAt - Date.now());
    }
    expect(waits).toEqual([100, 200, 400]);
    await link.close();
    await done;
  });

  it("begins anew after one that held", async () => {
    const server = new FakeServer();
    const { link, seen, done } = watched(server);
    for (let turn = 0; turn < 2; turn++) {
      await link.connection({ timeoutMs: 1000 });
      await vi.advanceTimersByTimeAsync(1500);
      server.allClients.at(-1)?.endSide();
      await vi.advanceTimersByTimeAsync(0);
      expect(seen.at(-1)).toMatchObject({ state: "waiting", nextAttemptAt: Date.now() + 100 });
      await vi.advanceTimersByTimeAsync(100);
    }
    await link.close();
    await done;
  });

  it("waits longest for what will not mend by itself, unless told to try now", async () => {
    const server = new FakeServer();
    server.refuses = new HostKeyMismatch("host", "SHA256:a", "SHA256:b");
    const { link, seen, done, names } = watched(server);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.at(-1)).toMatchObject({ state: "waiting", nextAttemptAt: Date.now() + 1000 });
    server.refuses = undefined;
    link.retryNow();
    await link.connection({ timeoutMs: 1000 });
    await vi.advanceTimersByTimeAsync(0);
    expect(names()).toEqual(["connecting", "waiting", "connecting", "open"]);
    await link.close();
    await done;
  });

  it("asked for its connection answers within the time, with the last error", async () => {
    const server = new FakeServer();
    server.refuses = new Error("no route to host");
    const { link, done } = watched(server);
    const asked = link.connection({ timeoutMs: 350 }).catch((error: unknown) => error);
    const stopped = link.connection({ timeoutMs: 350, signal: AbortSignal.abort() }).catch((error: unknown) => error);
    expect(isRpcError(await stopped, "Aborted")).toBe(true);
    await vi.advanceTimersByTimeAsync(350);
    const error = await asked;
    expect(isRpcError(error, "CallTimeout")).toBe(true);
    expect(String(error)).toMatch(/not connected after 350 ms: fake server: no route to host/);
    await link.close();
    const late = await link.connection({ timeoutMs: 10 }).catch((caught: unknown) => caught);
    expect(isRpcError(late, "ConnectionClosed")).toBe(true);
    await done;
  });

  it("closes while it is connecting", async () => {
    const server = new FakeServer();
    server.handle({ auth_list: () => new Promise(() => undefined) });
    const { link, done, names } = watched(server);
    await vi.advanceTimersByTimeAsync(0);
    await link.close();
    await done;
    expect(names()).toEqual(["connecting", "closed"]);
    await server.until(() => server.clients.size === 0);
  });
});
