import { expect, test } from "vitest";
import { virtualClock } from "./clock/virtual-clock.ts";
import { simulatedCloud } from "./simulated-cloud.ts";
import { simulatedTraffic } from "./traffic.ts";

test("a guest that dies fails its requests until it is back", async () => {
  const clock = virtualClock(5000);
  const cloud = simulatedCloud({ clock });
  const stop = new AbortController();
  const seconds: string[] = [];
  const ended = (async () => {
    for await (const [first] of simulatedTraffic(cloud.world, stop.signal)) {
      const { answered = 0, failed = 0 } = first ?? {};
      seconds.push(failed === 0 ? "all" : answered === 0 ? "none" : "some");
    }
  })();
  await clock.advance(1500);
  cloud.befall({ do: "kill-qemu", vm: "web-1" });
  await clock.advance(1500);
  cloud.befall({ do: "person-starts", vm: "web-1" });
  await clock.advance(7000);
  stop.abort();
  await ended;
  expect(seconds.slice(0, 3)).toEqual(["all", "some", "none"]);
  expect(seconds.at(-1)).toBe("all");
});
