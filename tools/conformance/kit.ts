import type { CustomerEvent, ManagerFrame, ProviderEvent } from "../../lib/contract/index.ts";
import { idSource } from "./ids.ts";
import type { Manager } from "./manager-process.ts";
import type { Heard, Provider } from "./provider.ts";
import { incidentOf } from "./words.ts";

/** What the manager got wrong, in words for who writes it. */
export class Wrong extends Error {
  override readonly name = "Wrong";
}

export interface Case {
  readonly name: string;
  /** A manager that stays connected, one that takes messages at an address, or a command that calls for something and ends. */
  readonly by: "socket" | "webhook" | "take" | "go-back";
  run(kit: Kit): Promise<void>;
}

export interface Kit {
  readonly provider: Provider;
  readonly manager: Manager;
  incident(vm?: Parameters<typeof incidentOf>[1]): ReturnType<typeof incidentOf>;
  /** Sends it by the way of this case. */
  deliver(event: ProviderEvent): Promise<void>;
  /** The first thing after `from` that fits, or what the manager should have done. */
  until<T>(pick: (one: Heard) => T | undefined, words: string, withinMs?: number, from?: number): Promise<T>;
  /** Nothing like it within this time. */
  never(pick: (one: Heard) => unknown, words: string, forMs?: number, from?: number): Promise<void>;
  /** Where the record is now: for `from`. */
  mark(): number;
  /** Every message that the manager said, by either way, from there on. */
  said(from?: number): readonly CustomerEvent[];
  hello(from?: number): Promise<Extract<ManagerFrame, { type: "hello" }>>;
  /** Whether the command that was started has ended well. */
  endedWell(): Promise<boolean>;
}

const patienceMs = 8_000;
const commandMs = 60_000;

export const messageOf = (one: Heard): CustomerEvent | undefined =>
  one.is === "posted" ? one.event : one.is === "frame" && one.frame.type === "message" ? one.frame.message : undefined;

export const receivedOf = (one: Heard): string | undefined =>
  one.is === "frame" && one.frame.type === "received" ? one.frame.id : undefined;

export const ofKind =
  <K extends CustomerEvent["data"]["kind"]>(...kinds: readonly K[]) =>
  (one: Heard): CustomerEvent | undefined => {
    const message = messageOf(one);
    return message !== undefined && kinds.some((kind) => kind === message.data.kind) ? message : undefined;
  };

export const answers = ["repair.accepted", "repair.chosen", "repair.postponed", "repair.declined"] as const;

export const answerTo =
  (repair: string) =>
  (one: Heard): CustomerEvent | undefined => {
    const message = ofKind(...answers)(one);
    return message !== undefined && "repair" in message.data && message.data.repair === repair ? message : undefined;
  };

export const aboutRepair =
  (repair: string) =>
  (one: Heard): CustomerEvent | undefined => {
    const message = messageOf(one);
    return message !== undefined && "repair" in message.data && message.data.repair === repair ? message : undefined;
  };

export function createKit(options: {
  readonly provider: Provider;
  readonly manager: Manager;
  readonly seed: number;
  readonly deliver: (event: ProviderEvent) => Promise<void>;
}): Kit {
  const { provider, manager } = options;
  const ids = idSource(options.seed);
  const waiting = new Set<() => void>();
  let ended = false;
  const end = Promise.withResolvers<number | null>();
  provider.onHeard = () => {
    for (const look of waiting) look();
  };
  manager.onEnd = (code) => {
    ended = true;
    end.resolve(code);
    for (const look of waiting) look();
  };

  function firstOf<T>(pick: (one: Heard) => T | undefined, from: number): T | undefined {
    for (const one of provider.heard.slice(from)) {
      const picked = pick(one);
      if (picked !== undefined && picked !== false) return picked;
    }
    return undefined;
  }

  function within<T>(pick: (one: Heard) => T | undefined, ms: number, from: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const found = firstOf(pick, from);
        if (found === undefined && !ended) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        resolve(undefined);
      }, ms);
      waiting.add(look);
      look();
    });
  }

  const kit: Kit = {
    provider,
    manager,
    incident: (vm) => incidentOf(ids, vm),
    deliver: options.deliver,
    mark: () => provider.heard.length,
    said: (from = 0) => provider.heard.slice(from).flatMap((one) => messageOf(one) ?? []),
    async until(pick, words, withinMs = patienceMs, from = 0) {
      const found = await within(pick, withinMs, from);
      if (ended) throw new Wrong("The manager ended by itself");
      if (found === undefined) throw new Wrong(`${words} (waited ${withinMs / 1000} s)`);
      return found;
    },
    async never(pick, words, forMs = 1_000, from = 0) {
      if ((await within(pick, forMs, from)) !== undefined) throw new Wrong(words);
    },
    hello: (from = 0) =>
      kit.until(
        (one) => (one.is === "frame" && one.frame.type === "hello" ? one.frame : undefined),
        "The manager did not connect to /manager and say hello",
        20_000,
        from,
      ),
    async endedWell() {
      const late = Promise.withResolvers<never>();
      const words = `The command did not end within ${commandMs / 1000} s`;
      const timer = setTimeout(() => late.reject(new Wrong(words)), commandMs);
      return (await Promise.race([end.promise, late.promise]).finally(() => clearTimeout(timer))) === 0;
    },
  };
  return kit;
}
