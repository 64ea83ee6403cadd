import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGuest, cut, type LabState, labDown, labUp, mend, powerOn, readLab, runOnHost } from "../../lab/index.ts";
import type { HelperSignal, LeaseGrant, Log } from "../engine/ports.ts";
import { helperDir } from "../helper/index.ts";
import { type Host, idSource } from "../model/index.ts";
import {
  createHostHelpers,
  createHostInstaller,
  createHypervisor,
  ensureIdentity,
  HostLinks,
  systemClock,
} from "./index.ts";

/** `belay-host` on a real host: what a lease that is not renewed does to its guests, and what a helper that dies does to its host. */

const name = "hh";
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const ids = idSource(Date.now, Math.random);
const leaseMs = 8_000;
type Address = Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;

let lab: LabState;
let dir: string;
let one: Address;
let peer: string;
let installer: ReturnType<typeof createHostInstaller>;
let helpers: ReturnType<typeof createHostHelpers>;
const stop = new AbortController();

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-hh-"));
  const { identityFile, publicKey } = await ensureIdentity(dir);
  lab = await labUp({ name, hosts: 2, authorize: [publicKey] });
  await createGuest(name, { name: "hh-1", host: "host-1" });
  const [first, second] = lab.hosts;
  if (first === undefined || second === undefined) throw new Error("the lab has too few hosts");
  one = { id: ids.next("hst"), name: first.name, uri: first.uri, hostKeySha256: first.hostKeySha256 };
  peer = second.address;
  installer = createHostInstaller({ identityFile });
  const links = new HostLinks();
  helpers = createHostHelpers({ links, clock: systemClock, log: quiet });
  const hypervisor = createHypervisor({ identityFile, clock: systemClock, log: quiet, links });
  void (async () => {
    for await (const _ of hypervisor.watch(one, stop.signal));
  })();
});
afterAll(async () => {
  stop.abort();
  await labDown(name);
  await rm(dir, { recursive: true, force: true });
});

const onHost = async (...argv: string[]) => (await runOnHost(name, "host-1", argv)).stdout.trim();
const guestRuns = async () => (await onHost("pgrep", "-f", "guest=hh-1")) !== "";
const status = async () => JSON.parse(await onHost("node", `${helperDir}/belay-host.mjs`, "status")).phase;
const install = async () => {
  const words: string[] = [];
  for await (const step of installer.install(one, { leaseMs })) words.push(`${step.phase}: ${step.words}`);
  return words;
};

/** Attends the helper as the engine does; `lease.granted` says what it is answered. */
function attend() {
  const ending = new AbortController();
  const lease: { granted: LeaseGrant | undefined; lastAt: number } = { granted: { leaseMs, peers: [peer] }, lastAt: 0 };
  const signals: HelperSignal[] = [];
  const grant = () => {
    if (lease.granted !== undefined) lease.lastAt = Date.now();
    return lease.granted;
  };
  const running = (async () => {
    for await (const it of helpers.attend(one, grant, ending.signal)) signals.push(it);
  })();
  const last = () => signals.findLast((it) => it.kind === "report")?.report;
  const end = () => {
    ending.abort();
    return running;
  };
  return { lease, signals, last, end };
}
const armed = { connected: true, watchdog: "hardware", leaseMs, watchdogMs: 6_000 };

describe("the helper of a host", () => {
  test("is installed, twice is once, and holds a lease", async () => {
    expect((await install()).map((it) => it.split(":")[0])).toEqual(["node", "files", "start", "answer", "forward"]);
    const engine = attend();
    await expect.poll(engine.last, { timeout: 20_000 }).toMatchObject(armed);
    expect((await install()).join("\n")).toContain("Belay grants the lease"); // the next helper took it over, the watchdog too
    await expect.poll(engine.last, { timeout: 20_000 }).toMatchObject(armed);
    expect(engine.signals.some(({ kind }) => kind === "gone")).toBe(true);
    await engine.end();
  });

  test("keeps its guests while Belay is away and the peers answer", async () => {
    await expect.poll(status, { timeout: 20_000 }).toBe("kept");
    await new Promise((resolve) => setTimeout(resolve, leaseMs + 4_000)); // longer than a lease and its watchdog
    expect(await status()).toBe("kept");
    expect(await guestRuns()).toBe(true);
    const engine = attend();
    await expect.poll(status, { timeout: 20_000 }).toBe("held");
    await engine.end();
  });

  test("alone, it stops its guests before the lease ends, and the host lives on", async () => {
    const engine = attend();
    await expect.poll(engine.last, { timeout: 20_000 }).toMatchObject(armed);
    const from = engine.lease.lastAt;
    expect(await guestRuns()).toBe(true);
    await cut(name, "host-1");
    await expect.poll(guestRuns, { timeout: 20_000, interval: 50 }).toBe(false);
    const deadline = engine.lease.lastAt + leaseMs;
    expect(Date.now()).toBeLessThan(deadline);
    expect(engine.lease.lastAt).toBeGreaterThanOrEqual(from);
    await new Promise((resolve) => setTimeout(resolve, deadline + 2_000 - Date.now()));
    expect((await readLab(name)).hosts[0]?.power).toBe("on"); // no guest runs, so its watchdog is fed

    await mend(name, "host-1");
    await expect.poll(engine.last, { timeout: 30_000 }).toMatchObject(armed);
    await engine.end();
  });

  test("killed, it takes its host down with it before the lease ends", async () => {
    const engine = attend();
    await expect.poll(engine.last, { timeout: 30_000 }).toMatchObject(armed);
    await onHost("pkill", "-9", "-f", "belay-host.mjs run");
    const power = async () => (await readLab(name)).hosts[0]?.power;
    await expect.poll(power, { timeout: 20_000, interval: 50 }).toBe("off");
    expect(Date.now()).toBeLessThan(engine.lease.lastAt + leaseMs + 500); // reading the lab's state takes its time
    await engine.end();
  });

  test("after a boot it lets no guest run until Belay grants again", async () => {
    await powerOn(name, "host-1");
    await expect
      .poll(async () => (await onHost("virsh", "list", "--all")).includes("hh-1"), { timeout: 30_000 })
      .toBe(true);
    await install(); // what systemd does at a boot, the lab's hosts have no systemd
    await onHost("virsh", "start", "hh-1");
    await expect.poll(guestRuns, { timeout: 10_000, interval: 50 }).toBe(false);
    expect(["over", "stopped"]).toContain(await status()); // although its peer answers
    const engine = attend();
    await expect.poll(status, { timeout: 30_000 }).toBe("held");
    // Until libvirtd has noticed the kill it calls the dead guest active.
    await expect.poll(() => onHost("virsh", "domstate", "hh-1"), { timeout: 10_000 }).toContain("shut off");
    const starts = async () => (await runOnHost(name, "host-1", ["virsh", "start", "hh-1"])).stderr;
    await expect.poll(starts, { timeout: 10_000 }).toMatch(/already active/);
    expect(engine.last()).toMatchObject(armed);
    expect(await guestRuns()).toBe(true);
    await engine.end();
  });

  test("goes as it should: Belay hears that nothing is protected, the watchdog is disarmed, nothing is left", async () => {
    const engine = attend();
    await expect.poll(engine.last, { timeout: 30_000 }).toMatchObject(armed);
    for await (const { words } of installer.uninstall(one)) expect(words).toBe("Ended.");
    await expect.poll(engine.last).toMatchObject({ connected: false, watchdog: "none", leaseMs: 0 });
    await engine.end();
    await new Promise((resolve) => setTimeout(resolve, 7_000)); // longer than the watchdog
    expect((await readLab(name)).hosts[0]?.power).toBe("on");
    expect(await onHost("ls", "-A", "/var/lib/libvirt")).not.toContain("belay-host");
    expect(await guestRuns()).toBe(true);
  });
});
