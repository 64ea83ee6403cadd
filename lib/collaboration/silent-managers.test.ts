import { expect, test } from "vitest";
import { idSource, type ManagerStanding } from "../model/index.ts";
import { silentManagers } from "./silent-managers.ts";

const now = 1_790_000_000_000;
const ids = idSource(() => now, Math.random);
const manager = (more: Partial<ManagerStanding>): ManagerStanding => ({
  organizationId: ids.next("org"),
  instance: "one",
  name: "tune",
  version: "1",
  epoch: 1,
  connected: true,
  since: now - 60_000,
  heardAt: now,
  ...more,
});

test.each([
  ["is heard", {}, 0],
  ["missed a beat or two", { heardAt: now - 7_000 }, 0],
  ["was not heard for longer than its right lasts", { heardAt: now - 12_001 }, 1],
  ["said that it goes", { connected: false, heardAt: now - 60_000 }, 0],
  ["is heard by a clock that was set back since", { heardAt: now + 60_000 }, 0],
])("a manager that %s", (_, more, found) => {
  expect(silentManagers([manager(more)], now, 12_000)).toHaveLength(found);
});
