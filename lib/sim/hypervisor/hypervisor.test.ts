import { expect, test } from "vitest";
import { HostUnreachable, HypervisorRefused } from "../../engine/ports.ts";
import { watchedCloud } from "./testing.ts";

const kinds = (list: readonly { kind: string }[]) => list.map((it) => it.kind);

test("a watch says that it is connected, then what happens, and ends without error on abort", async () => {
  const { clock, cloud, heard, stop, ended, uuidOf } = await watchedCloud();
  expect(heard[0]).toMatchObject({ kind: "connected", facts: { libvirtVersion: "9.0.0" } });
  cloud.befall({ do: "kill-qemu", vm: "web-1" });
  await clock.advance(1000);
  expect(heard[1]).toMatchObject({ kind: "domain", uuid: uuidOf("web-1"), what: "stopped failed" });
  stop.abort();
  await ended;
  cloud.close();
  await clock.advance(0);
  expect(clock.pending()).toBe(0);
});

test("libvirt notices the death of a process a little later than it happens", async () => {
  const { clock, cloud, address, settled, uuidOf } = await watchedCloud();
  const read = () => settled(cloud.hypervisor.readDomain(address.id, uuidOf("web-1")));
  cloud.befall({ do: "kill-qemu", vm: "web-1" });
  expect(await read()).toMatchObject({ state: "running", runId: 1 });
  expect(
    await settled(cloud.prober.answers({ hostId: address.id, uuid: uuidOf("web-1") }, { kind: "agent" }, 500)),
  ).toBe(false);
  await clock.advance(300);
  expect(await read()).toMatchObject({ state: "stopped", reason: "failed", runId: null });
});

test("a start boots for a while, has a new run, and is nothing the second time", async () => {
  const { clock, cloud, address, settled, uuidOf } = await watchedCloud();
  const vm = { hostId: address.id, uuid: uuidOf("web-1") };
  const start = () => settled(cloud.hypervisor.act(address.id, vm.uuid, "start"));
  const answers = () => settled(cloud.prober.answers(vm, { kind: "agent" }, 500));
  expect(await answers()).toBe(true);
  cloud.befall({ do: "guest-powers-off", vm: "web-1" });
  expect(await start()).toMatchObject({ done: true });
  expect(await settled(cloud.hypervisor.readDomain(address.id, vm.uuid))).toMatchObject({ state: "running", runId: 2 });
  expect(await start()).toMatchObject({ done: false });
  expect(await answers()).toBe(false);
  await clock.advance(4000);
  expect(await answers()).toBe(true);
});

test("libvirt refuses what the domain's state does not allow", async () => {
  const { cloud, address, settled, uuidOf } = await watchedCloud();
  const act = (action: "start" | "resume" | "wake" | "destroy") =>
    settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), action));
  cloud.befall({ do: "panic", vm: "web-1" });
  expect(await act("start")).toBeInstanceOf(HypervisorRefused);
  expect(await act("resume")).toBeInstanceOf(HypervisorRefused);
  expect(await act("wake")).toBeInstanceOf(HypervisorRefused);
  expect(await act("destroy")).toMatchObject({ done: true });
  expect(await act("destroy")).toMatchObject({ done: false });
  expect(await act("resume")).toBeInstanceOf(HypervisorRefused);
  expect(await act("start")).toMatchObject({ done: true });
  expect(cloud.world.violations()).toEqual([]);
});

test("a transient domain vanishes with its process and starts from its definition only", async () => {
  const { clock, cloud, address, settled, uuidOf } = await watchedCloud([
    { name: "host-1", vms: [{ name: "batch", persistent: false, memoryMiB: 300, vcpus: 2 }] },
  ]);
  const uuid = uuidOf("batch");
  const definition = await settled(cloud.hypervisor.readDefinition(address.id, uuid));
  if (definition instanceof Error) throw definition;
  cloud.befall({ do: "kill-qemu", vm: "batch" });
  await clock.advance(300);
  expect(await settled(cloud.hypervisor.readDomain(address.id, uuid))).toBeUndefined();
  expect(await settled(cloud.hypervisor.act(address.id, uuid, "start"))).toBeInstanceOf(HypervisorRefused);
  expect(await settled(cloud.hypervisor.act(address.id, uuid, "start", definition.xml))).toMatchObject({ done: true });
  expect(await settled(cloud.hypervisor.readDomain(address.id, uuid))).toMatchObject({
    ...{ name: "batch", memoryMiB: 300, vcpus: 2, persistent: false, state: "running" },
  });
});

test("a fault hits only the run that it names", async () => {
  const { clock, cloud, address, settled, uuidOf } = await watchedCloud();
  const inject = (runId: number) =>
    settled(cloud.hypervisor.inject(address.id, { uuid: uuidOf("web-1"), name: "web-1", runId }, "kill-qemu"));
  expect(await inject(7)).toMatchObject({ done: false });
  expect(await inject(1)).toMatchObject({ done: true });
  expect(await inject(1)).toMatchObject({ done: false });
  await clock.advance(300);
  expect(await settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), "start"))).toMatchObject({ done: true });
  expect(await inject(1)).toMatchObject({ done: false });
});

test("a cut is noticed by silence; calls in flight end as unreachable and the watch comes back by itself", async () => {
  const { clock, cloud, address, heard, settled, uuidOf } = await watchedCloud();
  const call = settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), "switch-off"));
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await call).toBeInstanceOf(HostUnreachable);
  expect(await settled(cloud.hypervisor.listDomains(address.id))).toBeInstanceOf(HostUnreachable);
  expect(cloud.world.host("host-1")?.domains.get(uuidOf("web-1"))?.state).toBe("running");
  await clock.advance(10_000);
  cloud.befall({ do: "mend", host: "host-1" });
  await clock.advance(10_000);
  expect(kinds(heard)).toEqual(["connected", "disconnected", "disconnected", "disconnected", "connected"]);
});

test("an action whose answer is lost has been done all the same", async () => {
  const { cloud, address, settled, uuidOf } = await watchedCloud();
  cloud.befall({ do: "guest-powers-off", vm: "web-1" });
  const call = settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), "start"));
  cloud.world.later(100, () => cloud.befall({ do: "cut", host: "host-1" }));
  expect(await call).toBeInstanceOf(HostUnreachable);
  expect(cloud.world.host("host-1")?.domains.get(uuidOf("web-1"))?.state).toBe("running");
});

test("a short cut delays calls and events and loses none", async () => {
  const { clock, cloud, address, heard, settled, uuidOf } = await watchedCloud();
  cloud.befall({ do: "cut", host: "host-1" });
  cloud.befall({ do: "panic", vm: "web-1" });
  cloud.world.later(1500, () => cloud.befall({ do: "mend", host: "host-1" }));
  expect(await settled(cloud.hypervisor.readDomain(address.id, uuidOf("web-1")))).toMatchObject({ state: "crashed" });
  await clock.advance(10_000);
  expect(kinds(heard)).toEqual(["connected", "domain"]);
});

test("a host without power loses its guests; persistent ones are still defined when it is back", async () => {
  const { clock, cloud, address, heard, settled } = await watchedCloud([
    { name: "host-1", vms: [{ name: "kept" }, { name: "lost", persistent: false }] },
  ]);
  cloud.befall({ do: "host-power-off", host: "host-1" });
  await clock.advance(20_000);
  cloud.befall({ do: "host-power-on", host: "host-1" });
  await clock.advance(20_000);
  expect(kinds(heard).at(-1)).toBe("connected");
  expect(await settled(cloud.hypervisor.listDomains(address.id))).toMatchObject([
    { name: "kept", state: "stopped", reason: "unknown" },
  ]);
});

test("a dead libvirtd closes its connections at once and its guests run on; deaths meanwhile are found at its start", async () => {
  const { clock, cloud, address, heard, settled } = await watchedCloud([
    { name: "host-1", vms: [{ name: "well" }, { name: "dies" }] },
  ]);
  cloud.befall({ do: "libvirtd-dies", host: "host-1" });
  cloud.befall({ do: "kill-qemu", vm: "dies" });
  await clock.advance(2000);
  expect(kinds(heard).slice(0, 2)).toEqual(["connected", "disconnected"]);
  cloud.befall({ do: "libvirtd-starts", host: "host-1" });
  await clock.advance(6000);
  expect(await settled(cloud.hypervisor.listDomains(address.id))).toMatchObject([
    { name: "well", state: "running", runId: 1 },
    { name: "dies", state: "stopped", reason: "crashed" },
  ]);
});

test("a host that shows another key is not connected to", async () => {
  const { clock, cloud, heard } = await watchedCloud();
  cloud.befall({ do: "host-key-changes", host: "host-1" });
  cloud.befall({ do: "libvirtd-dies", host: "host-1" });
  cloud.befall({ do: "libvirtd-starts", host: "host-1" });
  await clock.advance(10_000);
  expect(new Set(kinds(heard).slice(1))).toEqual(new Set(["disconnected"]));
  expect(heard.at(-1)).toMatchObject({ words: expect.stringContaining("shows the key") });
});

test("events are lost, doubled and late when the schedule says so", async () => {
  const { clock, cloud, heard } = await watchedCloud();
  cloud.befall({ do: "lose-events", count: 1 });
  cloud.befall({ do: "person-pauses", vm: "web-1" });
  await clock.advance(1000);
  expect(heard).toHaveLength(1);
  cloud.befall({ do: "duplicate-events", count: 1 });
  cloud.befall({ do: "person-resumes", vm: "web-1" });
  await clock.advance(1000);
  expect(heard.slice(1)).toMatchObject([{ what: "resumed unpaused" }, { what: "resumed unpaused" }]);
  cloud.befall({ do: "delay-events", count: 1, ms: 5000 });
  cloud.befall({ do: "person-pauses", vm: "web-1" });
  await clock.advance(4000);
  expect(heard).toHaveLength(3);
  await clock.advance(2000);
  expect(heard.at(-1)).toMatchObject({ what: "suspended paused" });
});

test("more events than the buffer holds are told as an overflow", async () => {
  const { clock, cloud, host, address, uuidOf } = await watchedCloud();
  const stop = new AbortController();
  const signals = cloud.hypervisor.watch(address, stop.signal)[Symbol.asyncIterator]();
  const first = signals.next();
  await clock.advance(1000);
  expect((await first).value).toMatchObject({ kind: "connected" });
  for (let n = 0; n < 1005; n++) cloud.world.say(host, { uuid: uuidOf("web-1"), what: `event ${n}` });
  await clock.advance(20_000);
  for (let n = 0; n < 1000; n++) expect((await signals.next()).value).toMatchObject({ what: `event ${n}` });
  expect((await signals.next()).value).toMatchObject({ kind: "overflow", lost: 5 });
});

test("a bad disk holds the guest again after each resume until it is mended", async () => {
  const { clock, cloud, address, heard, settled, uuidOf } = await watchedCloud();
  const resume = () => settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), "resume"));
  const read = () => settled(cloud.hypervisor.readDomain(address.id, uuidOf("web-1")));
  cloud.befall({ do: "disk-error", vm: "web-1", reason: "no space" });
  await clock.advance(100);
  expect(heard.slice(1)).toMatchObject([{ what: "io error no space" }, { what: "suspended io error" }]);
  expect(await resume()).toMatchObject({ done: true });
  await clock.advance(200);
  expect(await read()).toMatchObject({ state: "paused", reason: "io-error" });
  cloud.befall({ do: "disk-mended", vm: "web-1" });
  await resume();
  await clock.advance(200);
  expect(await read()).toMatchObject({ state: "running" });
});

test("ICMP and TCP checks find the guest by its address, also while Belay's link to the host is cut", async () => {
  const { cloud, address, settled, uuidOf } = await watchedCloud();
  const vm = { hostId: address.id, uuid: uuidOf("web-1") };
  const guestAddress = cloud.world.guest(vm.uuid)?.address ?? "";
  const tcp = (to: string) => settled(cloud.prober.answers(vm, { kind: "tcp", address: to, port: 80 }, 500));
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await tcp(guestAddress)).toBe(true);
  expect(await tcp("198.18.200.200")).toBe(false);
  cloud.befall({ do: "host-power-off", host: "host-1" });
  expect(await tcp(guestAddress)).toBe(false);
});

test("two running copies of one VM are seen by the world, and so is the end of a healthy guest", async () => {
  const { clock, cloud, address, host, settled, uuidOf } = await watchedCloud();
  await clock.advance(2000);
  await settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), "switch-off"));
  expect(cloud.world.violations()).toMatchObject([{ invariant: 3 }]);
  cloud.befall({ do: "person-starts", vm: "web-1" });
  const domain = host.domains.get(uuidOf("web-1"));
  const other = cloud.world.host("host-2");
  if (!domain || !other) throw new Error("the demo cloud has both");
  cloud.world.turn(other, { domain, what: "started booted" });
  expect(cloud.world.violations().at(-1)).toMatchObject({
    invariant: 1,
    words: "web-1 runs on host-1 and host-2 at once.",
  });
});

test("only a switch-off ends a guest that runs, as on real hosts", async () => {
  const { cloud, address, host, settled, uuidOf } = await watchedCloud();
  const act = (action: "destroy" | "switch-off") => settled(cloud.hypervisor.act(address.id, uuidOf("web-1"), action));
  expect(await act("destroy")).toMatchObject({ done: false });
  expect(host.domains.get(uuidOf("web-1"))).toMatchObject({ state: "running" });
  expect(await act("switch-off")).toMatchObject({ done: true });
  expect(await act("switch-off")).toMatchObject({ done: false });
});
