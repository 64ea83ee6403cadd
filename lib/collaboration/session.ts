import type { RawData, WebSocket } from "ws";
import { type ManagerFrame, managerCloseCodes, type ProviderFrame, protocolVersion } from "../contract/index.ts";
import type { MessageId, OrganizationId, Viewer } from "../model/index.ts";
import { listener } from "./hearing.ts";
import { beatsPerClaim, mayPromise, rightMs, type SessionLimits } from "./limits.ts";
import { outbox } from "./outbox.ts";
import type { Surroundings } from "./ports.ts";
import { parseFrame, providerEventOf, type Refusal } from "./wire.ts";

type Hello = Extract<ManagerFrame, { type: "hello" }>;

export interface ManagerSession {
  readonly organizationId: OrganizationId;
  /** undefined before its `hello`. */
  instance(): string | undefined;
  /** Once a second: the beat, the lease, what a lost wake left lying. */
  tick(): void;
  /** There may be messages for it. */
  wake(): void;
  /** Asks for the right to act now: somebody may have let go of it. */
  claim(): Promise<void>;
  /** Says why, and makes sure of it: a peer that does not answer is cut off. */
  close(code: number, words: string): void;
}

/** A peer that does not answer our close is cut off after this. */
const closeMs = 1000;

const textOf = (data: RawData) => (Array.isArray(data) ? Buffer.concat(data).toString() : data.toString());

/** One manager's connection, from its `hello` to its close. */
export function managerSession(
  ws: WebSocket,
  viewer: Viewer,
  around: Surroundings,
  limits: SessionLimits,
  greeted: (session: ManagerSession) => void,
): ManagerSession {
  const { store, clock, log } = around;
  const { organizationId } = viewer;
  let hello: Hello | undefined;
  let standing: "active" | "standby" | undefined;
  let epoch = 0;
  /** Beats since it was heard of. Not a time: where this process stood still, it is not the manager that was silent. */
  let unheard = 0;
  let claiming: Promise<void> | undefined;
  /** When the right that was given last was asked for, on the clock that is never set. */
  let claimedAtMs = Number.NEGATIVE_INFINITY;
  let ticks = 0;

  const isOpen = () => ws.readyState === ws.OPEN;
  const isActive = () => isOpen() && standing === "active";

  const close = (code: number, words: string) => {
    if (!isOpen()) return;
    ws.close(code, words);
    ws.resume(); // a paused socket would not read the answer to our close
    setTimeout(() => ws.terminate(), closeMs).unref();
  };

  /** Resolves when the kernel has the frame, or the socket is over. */
  const send = (frame: ProviderFrame): Promise<void> =>
    new Promise((resolve) => {
      if (!isOpen()) return resolve();
      if (ws.bufferedAmount > limits.mostBytes) {
        close(managerCloseCodes.tooSlow, "too slow: connect again");
        return resolve();
      }
      ws.send(JSON.stringify(frame), () => resolve());
    });

  const out = outbox({
    window: limits.inFlight,
    undelivered: (limit) => store.undelivered(organizationId, limit),
    send: (said) => send({ type: "message", message: providerEventOf(said) }),
    mayGoOn: isActive,
    monotonicMs: () => clock.monotonicMs(),
  });
  const pump = () => {
    out.pump().catch((error: unknown) => log.warn("messages for a manager could not be read", { error }));
  };

  const refuse = (id: MessageId | null, error: Refusal) => send({ type: "refused", id, error });

  async function stand(active: boolean, given: number): Promise<void> {
    const before = standing;
    const was = epoch;
    standing = active ? "active" : "standby";
    epoch = active ? given : 0;
    if (before === standing && was === epoch) return;
    out.forget();
    if (before === undefined)
      await send({ type: "welcome", protocol: protocolVersion, standing, epoch, leaseMs: limits.leaseMs });
    else await send({ type: "standing", standing, epoch });
    pump();
  }

  async function askForLease({ instance, name, version }: Hello): Promise<void> {
    try {
      const manager = { organizationId, instance, name, version };
      const askedAtMs = clock.monotonicMs();
      const { active, epoch: given } = await store.claimManager(manager, rightMs(limits), clock.now());
      if (active) claimedAtMs = askedAtMs;
      if (isOpen()) await stand(active, given);
    } catch (error) {
      log.warn("a manager's lease could not be renewed; trying again", { error });
      if (standing === undefined) close(managerCloseCodes.tryLater, "try again");
    }
  }

  const claim = (): Promise<void> => {
    if (hello === undefined || !isOpen()) return Promise.resolve();
    claiming ??= askForLease(hello).finally(() => {
      claiming = undefined;
    });
    return claiming;
  };

  const hear = listener({
    around,
    viewer,
    speaker: () => ({ name: hello?.name ?? "", active: standing === "active", epoch }),
    async taken(id) {
      await send({ type: "taken", id });
    },
    refuse,
    received(id) {
      out.received(id);
      pump();
    },
  });

  async function take(text: string): Promise<void> {
    const parsed = parseFrame(text);
    if (parsed.kind === "noise") return close(managerCloseCodes.badFrame, parsed.words);
    if (hello === undefined) {
      if (parsed.kind === "frame" && parsed.frame.type === "hello") {
        clearTimeout(late);
        hello = parsed.frame;
        greeted(session);
        return claim();
      }
      return close(managerCloseCodes.badFrame, "the first frame is hello");
    }
    if (parsed.kind === "wrong") return refuse(parsed.id, parsed.error);
    if (parsed.frame.type === "hello") return close(managerCloseCodes.badFrame, "one hello is enough");
    await hear(parsed.frame);
  }

  const late = setTimeout(() => close(managerCloseCodes.badFrame, "no hello came"), limits.helloMs);
  /** One after the other, so that a phase is not heard before the one in front of it. */
  const waiting: string[] = [];
  let working = false;
  const work = async () => {
    if (working) return;
    working = true;
    for (let text = waiting.shift(); text !== undefined && isOpen(); text = waiting.shift()) {
      await take(text).catch((error: unknown) => log.error("a manager's frame failed inside", { error }));
      if (waiting.length === 0 && ws.isPaused) ws.resume();
    }
    working = false;
  };
  ws.on("message", (data) => {
    unheard = 0;
    waiting.push(textOf(data));
    if (waiting.length >= limits.waiting) ws.pause();
    void work();
  });
  ws.on("pong", () => {
    unheard = 0;
  });
  ws.on("close", () => clearTimeout(late));
  ws.on("error", () => ws.terminate()); // a frame that breaks WebSocket's own rules; `close` follows

  const session: ManagerSession = {
    organizationId,
    instance: () => hello?.instance,
    tick() {
      if (!isOpen()) return;
      const silentMs = ws.isPaused ? 0 : unheard++ * limits.beatMs;
      if (silentMs > limits.leaseMs) return ws.terminate();
      if (out.waitingMs() > limits.receivedMs) return close(managerCloseCodes.tooSlow, "too slow: connect again");
      ws.ping();
      if (standing === undefined) return;
      const isHeard = silentMs < limits.leaseMs / 2;
      // A beat promises the right to act: none goes out that what is written down does not outlive.
      const holds = standing === "standby" || (isHeard && mayPromise(clock.monotonicMs() - claimedAtMs, limits));
      if (holds && ws.bufferedAmount <= limits.busyBytes) void send({ type: "beat", at: clock.now() });
      // A manager that is not heard must not keep the right to act from the one that stands by.
      // An active one's right outlives several beats; one that stands by wants to know soon.
      if (isHeard && (standing === "standby" || ticks++ % beatsPerClaim === 0)) void claim();
      pump();
    },
    wake: pump,
    claim,
    close,
  };
  return session;
}
