import { afterEach, expect, test, vi } from "vitest";
import type { Api } from "../api/index.ts";
import { ManagerError } from "../servers.ts";
import { type StandingByPost, standByPost } from "./stand-by-post.ts";

vi.setConfig({ testTimeout: 30_000 });

/** A provider that gives the right to one instance; `away`: it answers nobody. */
function provider(leaseMs: number) {
  const is = { away: false, holder: "", asked: 0 };
  const api: Pick<Api, "ask"> = {
    async ask(_method, route, reply, { body } = {}) {
      expect(route).toBe("/collaboration/standing");
      is.asked++;
      if (is.away) throw new ManagerError({ code: "provider-away", message: "It does not answer." });
      const instance = String(Reflect.get(Object(body), "instance"));
      if (is.holder === "") is.holder = instance;
      const active = is.holder === instance;
      return reply.parse({ standing: active ? "active" : "standby", epoch: active ? 4 : 0, leaseMs });
    },
  };
  return { is, api };
}

const open: StandingByPost[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function manager(api: Pick<Api, "ask">, instance: string) {
  const stood: string[] = [];
  const agent = { stand: (standing: string | null, epoch?: number) => void stood.push(`${standing} ${epoch}`) };
  const standing = standByPost(api, { instance, name: "m", version: "1" }, agent, () => {}, 20);
  open.push(standing);
  return { stood, standing };
}

test("of two managers behind endpoints one acts, and the other one never did", async () => {
  const { is, api } = provider(60_000);
  const first = manager(api, "instance-a");
  await vi.waitFor(() => expect(first.stood).toEqual(["active 4"]));
  const second = manager(api, "instance-b");
  await vi.waitFor(() => expect(second.stood).toEqual(["standby 0"]));
  const { asked } = is;
  await vi.waitFor(() => expect(is.asked).toBeGreaterThan(asked + 6));
  expect(first.stood).toEqual(["active 4"]); // told once: what is on its way is not said again each time
  is.holder = "instance-b";
  await vi.waitFor(() => expect(second.stood).toEqual(["standby 0", "active 4"]));
  await vi.waitFor(() => expect(first.stood).toEqual(["active 4", "standby 0"]));
});

test("the right runs out where the provider does not answer, and comes back", async () => {
  const { is, api } = provider(300);
  const { stood } = manager(api, "instance-a");
  await vi.waitFor(() => expect(stood).toEqual(["active 4"]));
  is.away = true;
  await vi.waitFor(() => expect(stood).toEqual(["active 4", "null undefined"]), 10_000);
  is.away = false;
  await vi.waitFor(() => expect(stood).toEqual(["active 4", "null undefined", "active 4"]));
});

test("what is refused for another one's turn ends the right at once", async () => {
  const { is, api } = provider(60_000);
  const { stood, standing } = manager(api, "instance-a");
  await vi.waitFor(() => expect(stood).toEqual(["active 4"]));
  is.holder = "instance-b";
  standing.lost();
  expect(stood).toEqual(["active 4", "null undefined"]);
  await vi.waitFor(() => expect(stood.at(-1)).toBe("standby 0"));
});
