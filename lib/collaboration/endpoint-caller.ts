import { lookup as systemLookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { Webhook } from "standardwebhooks";
import { type EndpointTest, eventType } from "../contract/index.ts";
import type { Clock, ServiceStore } from "../engine/ports.ts";
import { BelayError, type Endpoint, idSource } from "../model/index.ts";
import { type CheckedUrl, checkUrl, type Lookup } from "./checked-url.ts";
import { type Answered, post } from "./post.ts";
import { providerAddresses } from "./provider-addresses.ts";
import { source } from "./wire.ts";

export interface Called {
  readonly ok: boolean;
  /** It wants no more messages (410). */
  readonly gone: boolean;
  readonly words: string;
}

/** A CloudEvent: its id is the delivery's, too. */
type Sent = { readonly id: string; readonly data: unknown; readonly [attribute: string]: unknown };
type Target = Pick<Endpoint, "url"> & { readonly secret: string };

export interface EndpointCaller {
  /** Throws BelayError with the field `url` where the address may not be called. */
  check(url: string): Promise<void>;
  /** Sends a signed message that means nothing, once. */
  test(endpoint: Target): Promise<Called>;
  /** Sends this event, once. Never throws. */
  call(endpoint: Target, event: Sent, signal?: AbortSignal): Promise<Called>;
}

const timeoutMs = 10_000;
const lookupMs = 5000;

/** What people are told of an endpoint that wants no more. */
export const goneWords = "The endpoint answered 410 Gone: nothing more is sent to it until it is set or tested anew.";

/** The system's resolver, which has no time-out of its own. */
const systemNames: Lookup = async (host) => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("the DNS does not answer")), lookupMs);
  try {
    const found = await Promise.race([systemLookup(host, { all: true, verbatim: true }), late.promise]);
    return found.map(({ address }) => address);
  } finally {
    clearTimeout(timer);
  }
};

const interfaceNetworks = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).flatMap(({ cidr }) => cidr ?? []));

const outcomeOf = (answered: Answered): Called => {
  if (answered.kind === "none") return { ok: false, gone: false, words: answered.words };
  const { status } = answered;
  if (status >= 200 && status < 300) return { ok: true, gone: false, words: `The endpoint answered ${status}.` };
  if (status === 410) return { ok: false, gone: true, words: goneWords };
  if (status >= 300 && status < 400)
    return { ok: false, gone: false, words: `The endpoint answered ${status}: redirects are not followed.` };
  return { ok: false, gone: false, words: `The endpoint answered ${status}.` };
};

/** Calls customers' endpoints: each call's addresses are looked up, checked against the policy of now, and then called as they are. */
export function createEndpointCaller(options: {
  readonly store: Pick<ServiceStore, "hosts" | "policy">;
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly lookup?: Lookup;
}): EndpointCaller {
  const { store, clock, lookup = systemNames } = options;
  const ownAddresses = providerAddresses({ lookup, monotonicMs: () => clock.monotonicMs() });
  const ids = idSource(() => clock.now(), Math.random);

  async function checked(url: string): Promise<CheckedUrl> {
    const [{ endpointNetworks }, hosts] = await Promise.all([store.policy(), store.hosts()]);
    const own = [...interfaceNetworks(), ...(await ownAddresses(hosts.map(({ uri }) => uri)))];
    return checkUrl(url, { allowed: endpointNetworks, own }, lookup);
  }

  async function call({ url, secret }: Target, event: Sent, signal?: AbortSignal): Promise<Called> {
    let target: CheckedUrl;
    try {
      target = await checked(url);
    } catch (error) {
      if (error instanceof BelayError) return { ok: false, gone: false, words: error.message };
      throw error;
    }
    const body = JSON.stringify(event);
    const at = new Date(clock.now());
    const headers = {
      "webhook-id": event.id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(event.id, at, body),
    };
    return outcomeOf(await post(target, { body, headers }, timeoutMs, signal));
  }

  return {
    check: async (url) => void (await checked(url)),
    async test(endpoint) {
      const event: EndpointTest = {
        ...{ specversion: "1.0", id: ids.next("msg"), source, type: eventType("endpoint.test") },
        ...{ time: new Date(clock.now()).toISOString(), datacontenttype: "application/json" },
        data: { kind: "endpoint.test", words: "Belay looks whether this endpoint answers. Nothing is to be done." },
      };
      return call(endpoint, event);
    },
    call,
  };
}
