import { expect, test, vi } from "vitest";
import type { Agent } from "../agent/index.ts";
import type { Api } from "../api/index.ts";
import { described, repair } from "../decide/testing/world.ts";
import { messageIdOf } from "../link/index.ts";
import { ManagerError } from "../servers.ts";
import { byWebhook } from "./by-webhook.ts";

vi.setConfig({ testTimeout: 30_000 });

test("while the provider does not answer, all that was said is said again together, and not once for each", async () => {
  let again = 0;
  const said: string[] = [];
  const api: Api = {
    url: "http://belay.test",
    async ask(_method, route) {
      said.push(route);
      throw new ManagerError({ code: "provider-away", message: "It does not answer." });
    },
  };
  const agent: Agent = {
    ...{ feed: async () => {}, hear: async () => true, repair: async () => {}, stand() {}, mayAct: () => true },
    ...{ sendAgain: () => void again++, close: async () => {} },
    state: () => {
      throw new Error("nobody asks");
    },
  };
  const secret = `whsec_${Buffer.from("a secret of the test's own.").toString("base64")}`;
  const work = { api, instance: "instance-1", description: described() };
  const channel = await byWebhook(work, agent, () => {}, { listen: "127.0.0.1:0", secret });
  for (const n of [1, 2, 3])
    channel.say({
      ...{
        specversion: "1.0",
        id: messageIdOf("manager", String(n)),
        source: "test",
        type: "belay.repair.accepted.v1",
      },
      ...{
        time: "2026-11-23T06:00:00Z",
        datacontenttype: "application/json",
        data: { kind: "repair.accepted", repair },
      },
    });
  await vi.waitFor(() => expect(again).toBeGreaterThan(0), { timeout: 20_000 });
  await new Promise(setImmediate);
  expect(again).toBe(1);
  expect(said.filter((route) => !route.endsWith("/standing"))).toHaveLength(3);
  await channel.close();
});
