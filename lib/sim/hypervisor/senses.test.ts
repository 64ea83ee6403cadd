import { expect, test } from "vitest";
import { HostUnreachable } from "../../engine/ports.ts";
import { watchedCloud } from "./testing.ts";

const hosts = [{ name: "host-1" }, { name: "host-2" }, { name: "host-3" }];
const watched = () => watchedCloud(hosts);

test("a host is heard of every half a second while its packets come", async () => {
  const { clock, cloud, address } = await watched();
  const silence = () => clock.now() - (cloud.hypervisor.heardAt(address.id) ?? 0);
  await clock.advance(60_000);
  expect(silence()).toBeLessThan(500);
  cloud.befall({ do: "isolate", host: "host-1" });
  await clock.advance(2000);
  expect(silence()).toBeGreaterThanOrEqual(2000);
  cloud.befall({ do: "rejoin", host: "host-1" });
  expect(silence()).toBe(0);
});

test("what was heard was heard by the clock of Belay's machine, as it was set then", async () => {
  const { clock, cloud, address } = await watched();
  await clock.advance(10_000);
  cloud.befall({ do: "isolate", host: "host-1" });
  const before = cloud.hypervisor.heardAt(address.id);
  cloud.befall({ do: "clock-jumps", ms: 60_000 });
  expect(cloud.hypervisor.heardAt(address.id)).toBe(before);
  cloud.befall({ do: "rejoin", host: "host-1" });
  expect(cloud.hypervisor.heardAt(address.id)).toBe(clock.now() + 60_000);
});

test("peers see what Belay cannot, and are silent when they cannot be asked", async () => {
  const { cloud, idOf, addressOf, settled } = await watched();
  const reached = () => settled(cloud.hypervisor.reachedFrom(idOf("host-2"), addressOf("host-1"), 500));
  expect(await reached()).toBe(true);
  cloud.befall({ do: "isolate", host: "host-1" });
  expect(await reached()).toBe(true);
  cloud.befall({ do: "part", from: "host-1", to: "host-2" });
  expect(await reached()).toBe(false);
  cloud.befall({ do: "join", from: "host-2", to: "host-1" });
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await reached()).toBe(false);
  cloud.befall({ do: "mend", host: "host-1" });
  expect(await reached()).toBe(true);
  cloud.befall({ do: "isolate", host: "host-2" });
  expect(await reached()).toBeUndefined();
});

test("libvirtd is started again over SSH, and its guests run on", async () => {
  const { clock, cloud, address, settled } = await watchedCloud();
  const { hypervisor } = cloud;
  expect(await settled(hypervisor.restartLibvirtd(address.id))).toMatchObject({ done: false });
  cloud.befall({ do: "libvirtd-dies", host: "host-1" });
  await clock.advance(1000);
  expect(await settled(hypervisor.sshAnswers(address.id, 500))).toBe(true);
  expect(await settled(hypervisor.restartLibvirtd(address.id))).toMatchObject({ done: true });
  await clock.advance(6000);
  expect(await settled(hypervisor.listDomains(address.id))).toMatchObject([{ state: "running", runId: 1 }]);
  cloud.befall({ do: "libvirtd-broken", host: "host-1" });
  expect(await settled(hypervisor.restartLibvirtd(address.id))).toMatchObject({ done: true });
  await clock.advance(2000);
  expect(cloud.world.host("host-1")?.libvirtd).toBe("down");
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await settled(hypervisor.restartLibvirtd(address.id))).toBeInstanceOf(HostUnreachable);
  expect(await settled(hypervisor.sshAnswers(address.id, 500))).toBe(false);
});
