import { expect, test } from "vitest";
import { FenceFailed } from "../../engine/ports.ts";
import type { FenceDevice } from "../../model/index.ts";
import { watchedCloud } from "../hypervisor/testing.ts";
import { seededIds } from "../ids.ts";
import { optionsOf } from "./agents.ts";

const hosts = [{ name: "host-1", vms: [{ name: "web-1" }], fence: [{ bmcOnHostPower: true }, { agent: "sim-pdu" }] }];

async function fencedCloud() {
  const { cloud, clock, address, settled } = await watchedCloud(hosts);
  const ids = seededIds(2, clock);
  const device = (position: number, agent: string): FenceDevice => ({
    ...{ id: ids.next("fnc"), hostId: address.id, position, agent, options: optionsOf("host-1", position) },
    ...{ timeoutMs: 5000, testedAt: null, ok: false, words: "" },
  });
  const [ipmi, pdu] = [device(1, "sim-ipmi"), device(2, "sim-pdu")];
  const status = (it: FenceDevice) => settled(cloud.fence.status(it));
  const off = (it: FenceDevice) => settled(cloud.fence.switch(it, "off"));
  return { cloud, clock, ipmi, pdu, status, off };
}

test("a host is switched off, and its guests end with it", async () => {
  const { cloud, ipmi, status, off } = await fencedCloud();
  expect(await status(ipmi)).toBe("on");
  await off(ipmi);
  expect(await status(ipmi)).toBe("off");
  expect([...(cloud.world.host("host-1")?.domains.values() ?? [])]).toMatchObject([{ state: "stopped" }]);
  expect(cloud.world.powerCuts).toMatchObject([{ host: "host-1", ran: true, belayReachedIt: true }]);
});

test("a BMC that lives on its host's power is dark with it, and another switch is not", async () => {
  const { cloud, ipmi, pdu, status } = await fencedCloud();
  cloud.befall({ do: "host-power-off", host: "host-1" });
  expect(await status(ipmi)).toBeInstanceOf(FenceFailed);
  expect(await status(pdu)).toBe("off");
});

test("switches refuse, are dark, are slow and lie", async () => {
  const { cloud, clock, ipmi, status, off } = await fencedCloud();
  const faulty = (how: "dark" | "refuses" | "lies" | "slow") =>
    cloud.befall({ do: "fence-fails", host: "host-1", how });
  faulty("refuses");
  expect(await off(ipmi)).toBeInstanceOf(FenceFailed);
  faulty("dark");
  const since = clock.now();
  expect(await status(ipmi)).toBeInstanceOf(FenceFailed);
  expect(clock.now() - since).toBe(5000);
  faulty("lies");
  expect(await status(ipmi)).toBe("off");
  expect(cloud.world.host("host-1")?.power).toBe("on");
  faulty("slow");
  await off(ipmi);
  expect(cloud.world.host("host-1")?.power).toBe("off");
});
