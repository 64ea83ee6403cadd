import { Agent, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Visitors of the auction, as RUBiS has them: most look, some bid, buy, comment, sell, register. */

export type Visit = {
  readonly n: number;
  readonly what: string;
  /** When it was sent, and how long its answer took. */
  readonly at: number;
  readonly ms: number;
  /** Of a request that changes something: the row's name, and its table. */
  readonly write: { readonly token: string; readonly table: string } | null;
} & ({ readonly answered: true; readonly status: number } | { readonly answered: false; readonly words: string });

export interface Visitors {
  /** All that ended since the last time. */
  take(): readonly Visit[];
  stop(): Promise<void>;
}

export interface VisitorsOptions {
  /** The entrance. */
  readonly address: string;
  readonly visitors: number;
  /** Between an answer and the next request. */
  readonly thinkMs: number;
  /** A person gives up after that. */
  readonly patienceMs?: number;
  /** Of requests, from 0 to 1. */
  readonly writes?: number;
  /** Tokens begin with it: 8 letters at most. */
  readonly prefix: string;
  readonly dice?: () => number;
}

const keptAtMost = 100_000;
const madeUp = { users: 500, items: 1000, categories: 20, regions: 10 };

type Form = Readonly<Record<string, string | number>>;
type Asked = { readonly what: string; readonly path: string; readonly form?: Form; readonly table?: string };

function look(dice: () => number): Asked {
  const any = (most: number) => 1 + Math.floor(dice() * most);
  const [kind, item, user] = [dice(), any(madeUp.items), any(madeUp.users)];
  if (kind < 0.3) return { what: "search", path: `/search?category=${any(madeUp.categories)}` };
  if (kind < 0.65) return { what: "item", path: `/item?id=${item}` };
  if (kind < 0.75) return { what: "bids", path: `/bids?id=${item}` };
  if (kind < 0.85) return { what: "user", path: `/user?id=${user}` };
  if (kind < 0.95) return { what: "categories", path: "/categories" };
  return { what: "home", path: "/" };
}

function change(dice: () => number, token: string): Asked {
  const any = (most: number) => 1 + Math.floor(dice() * most);
  const [kind, item, user] = [dice(), any(madeUp.items), any(madeUp.users)];
  if (kind < 0.6)
    return { what: "bid", path: "/bid", table: "bids", form: { item, user, amount: 300 + any(1000), token } };
  if (kind < 0.7)
    return {
      what: "comment",
      path: "/comment",
      table: "comments",
      form: { item, user, rating: 3, words: "Good.", token },
    };
  if (kind < 0.8) return { what: "buy", path: "/buy", table: "purchases", form: { item, user, quantity: 1, token } };
  if (kind < 0.9) {
    const form = { name: `Thing ${token}`, description: "As good as new.", user, category: 1 + (item % 20), token };
    return { what: "sell", path: "/sell", table: "items", form: { ...form, price: 10, buyNow: 500 } };
  }
  const form = { nickname: token, name: "A visitor", region: any(madeUp.regions), token };
  return { what: "register", path: "/register", table: "users", form };
}

function ask(agent: Agent, address: string, { path, form }: Asked, patienceMs: number): Promise<number> {
  const body = form && new URLSearchParams(Object.entries(form).map(([key, value]) => [key, String(value)])).toString();
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        ...{ host: address, path, agent, method: body === undefined ? "GET" : "POST" },
        signal: AbortSignal.timeout(patienceMs),
        ...(body !== undefined && {
          headers: { "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body) },
        }),
      },
      (reply) => {
        reply.resume();
        reply.once("end", () => resolve(reply.statusCode ?? 0));
        reply.once("error", reject);
      },
    );
    request.once("error", reject);
    request.end(body);
  });
}

/** Each visitor sends the next request some time after its last was answered. */
export function startVisitors(options: VisitorsOptions): Visitors {
  const { address, visitors, thinkMs, prefix, patienceMs = 15_000, writes = 0.3, dice = Math.random } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let kept: Visit[] = [];
  let count = 0;
  const visitor = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await sleep(dice() * thinkMs);
    while (!signal.aborted) {
      const n = ++count;
      const token = `${prefix}-${String(n).padStart(7, "0")}`;
      const asked = dice() < writes ? change(dice, token) : look(dice);
      const write = asked.table === undefined ? null : { token, table: asked.table };
      const at = Date.now();
      const begun = performance.now();
      const done = () => ({ n, what: asked.what, at, ms: Math.round(performance.now() - begun), write });
      try {
        const status = await ask(agent, address, asked, patienceMs);
        kept.push({ ...done(), answered: true, status });
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
        const words =
          code === "ABORT_ERR" || /aborted|timeout/i.test(code) ? `no answer within ${patienceMs} ms` : code;
        kept.push({ ...done(), answered: false, words });
      }
      kept = kept.slice(-keptAtMost);
      await sleep(thinkMs * (0.5 + dice()), undefined, { signal }).catch(() => {});
    }
    agent.destroy();
  };
  const all = Array.from({ length: visitors }, visitor);
  return {
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    async stop() {
      stopping.abort();
      await Promise.all(all);
    },
  };
}

/** Answered as it should be. What is sold out, or has ended, was answered; that the auction cannot answer now was not. */
export const treated = (visit: Visit): boolean => visit.answered && visit.status < 500;
/** The site said that it was done. */
export const acknowledged = (visit: Visit): boolean => visit.answered && visit.status === 200 && visit.write !== null;
