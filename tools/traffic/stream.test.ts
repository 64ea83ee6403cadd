import { expect, test } from "vitest";
import { idSource } from "../../lib/model/index.ts";
import { trafficStream } from "./stream.ts";
import type { Target } from "./targets.ts";

const ids = idSource(Date.now, Math.random);
const targets = ["web-1", "web-2"].map((vm, index) => ({ vm, address: "127.0.0.1", port: 8001 + index }));
const application = { id: ids.next("app"), name: "shop", targets };

/** A stream whose clock and answers the test holds. */
function stream(perSecond: number, inFlight: number, answer: (target: Target) => Promise<boolean>) {
  const asked: string[] = [];
  const it = trafficStream(application, {
    perSecond,
    inFlight,
    ask: (target) => {
      asked.push(target.vm);
      return answer(target);
    },
  });
  return { it, asked };
}

const pass = (it: { tick(now: number): void }, fromMs: number, toMs: number) => {
  for (let now = fromMs; now < toMs; now += 20) it.tick(now);
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("asks as often as it was told, each VM in its turn, and counts what came", async () => {
  const { it, asked } = stream(20, 40, async ({ vm }) => vm === "web-1");
  pass(it, 0, 1000);
  await settled();
  expect(asked).toHaveLength(20);
  expect(asked.filter((vm) => vm === "web-1")).toHaveLength(10);
  expect(it.count(0)).toEqual({ applicationId: application.id, at: 0, answered: 10, failed: 10 });
  expect(it.count(1000)).toMatchObject({ answered: 0, failed: 0 });
});

test("a pause of the process is not made up for by a burst", async () => {
  const { it, asked } = stream(20, 1000, async () => true);
  it.tick(0);
  it.tick(60_000);
  expect(asked.length).toBeLessThanOrEqual(1 + 5);
});

test("never has more under way than its bound, and goes on when answers come", async () => {
  const waiting: ((answered: boolean) => void)[] = [];
  const { it, asked } = stream(20, 8, () => new Promise((resolve) => waiting.push(resolve)));
  pass(it, 0, 5000);
  expect(asked).toHaveLength(8);
  for (const resolve of waiting.splice(0)) resolve(false);
  await settled();
  pass(it, 5000, 6000);
  expect(asked).toHaveLength(16);
  expect(it.count(5000)).toMatchObject({ answered: 0, failed: 8 });
});

test("asks where it is aimed from then on", async () => {
  const { it, asked } = stream(20, 40, async () => true);
  it.aim({ ...application, targets: targets.slice(1) });
  pass(it, 0, 500);
  expect(new Set(asked)).toEqual(new Set(["web-2"]));
});
