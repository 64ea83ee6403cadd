import { isIP } from "node:net";
import { BelayError } from "../model/index.ts";
import type { Lookup } from "./checked-url.ts";
import { severalAtOnce } from "./several-at-once.ts";

/** Names change seldom: each is looked up this often. */
const freshForMs = 60_000;
/** A check waits so long for names that were never looked up. */
const waitMs = 5000;
const width = 16;

interface Found {
  readonly addresses: readonly string[];
  readonly atMs: number;
}

const hostOf = (uri: string): readonly string[] => {
  const host = URL.parse(uri)?.hostname.replace(/^\[|\]$/g, "");
  return host === undefined || host === "" ? [] : [host];
};

/**
 * The addresses of the provider's hosts, also of those that are given by name: a customer's endpoint may have none of them. Names are looked
 * up a few at a time and kept for a minute; where the DNS has no answer any more, what it said last holds. While a name was never looked up
 * nobody knows what is the provider's, so that check is refused.
 */
export function providerAddresses(options: { readonly lookup: Lookup; monotonicMs(): number }) {
  const { lookup, monotonicMs } = options;
  const known = new Map<string, Found>();
  let wanted: ReadonlySet<string> = new Set();
  let looking: Promise<void> | undefined;

  async function find(name: string): Promise<void> {
    const before = known.get(name)?.addresses ?? [];
    const addresses = await lookup(name).catch(() => before);
    if (wanted.has(name))
      known.set(name, { addresses: addresses.length === 0 ? before : addresses, atMs: monotonicMs() });
  }

  const isStale = (name: string) => monotonicMs() - (known.get(name)?.atMs ?? Number.NEGATIVE_INFINITY) >= freshForMs;

  /** One round at a time; what is stale by its end is the next one's. */
  function refresh(): Promise<void> {
    looking ??= severalAtOnce(width, [...wanted].filter(isStale), find).finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function inTime(round: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, waitMs);
    await Promise.race([round, late.promise]);
    clearTimeout(timer);
  }

  return async (uris: readonly string[]): Promise<readonly string[]> => {
    const hosts = new Set(uris.flatMap(hostOf));
    wanted = new Set([...hosts].filter((host) => isIP(host) === 0));
    for (const name of known.keys()) if (!wanted.has(name)) known.delete(name);
    const isUnknown = () => [...wanted].some((name) => !known.has(name));
    if ([...wanted].some(isStale)) {
      const round = refresh();
      if (isUnknown()) await inTime(round);
      // A round that began before these hosts were enrolled has not asked for them.
      if (isUnknown()) await inTime(refresh());
    }
    if (isUnknown())
      throw new BelayError("not-available", "Which addresses are the provider's own is being looked up.", {
        field: "url",
        cure: "Try again in a few seconds.",
      });
    return [...hosts].flatMap((host) => known.get(host)?.addresses ?? [host]);
  };
}
