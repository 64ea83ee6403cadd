import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGuest, type GuestInfo, type LabState, labDown, labUp, runOnHost } from "../../lab/index.ts";
import type { IncidentView, VmView } from "../../lib/contract/index.ts";
import { ensureIdentity } from "../../lib/hypervisor/index.ts";
import { adopted, cloudOf, enrolLab, incidentsOf, until } from "./enrol.ts";
import { freePort, type RunningServer, startServer } from "./server.ts";

/** The first chain on real parts: libvirtd, QEMU, PostgreSQL, the server as a process of its own. */

const name = "chain";
/** More than one, for the planner gives a VM up that fails three times within ten minutes. */
const guestNames = ["chain-1", "chain-2", "chain-3", "chain-4", "chain-5"];

interface Subject {
  readonly guest: GuestInfo;
  readonly vm: VmView;
}

let dataDir: string;
let lab: LabState;
let port: number;
let server: RunningServer;
const subjects: Subject[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "belay-chain-"));
  port = await freePort();
  const { publicKey } = await ensureIdentity(path.join(dataDir, "ssh"));
  lab = await labUp({ name, hosts: 1, authorize: [publicKey] });
  const guests: GuestInfo[] = [];
  for (const guest of guestNames) guests.push(await createGuest(name, { name: guest, host: "host-1" }));
  server = await startServer({ dataDir, port });
  await enrolLab(server, lab);
  for (const guest of guests) {
    const subject = { guest, vm: await adopted(server, guest.name, guest.address) };
    await answers(subject);
    subjects.push(subject);
  }
});

afterAll(async () => {
  await server?.stop();
  await labDown(name);
  await rm(dataDir, { recursive: true, force: true });
});

function subject(number: number): Subject {
  const found = subjects[number - 1];
  if (found === undefined) throw new Error(`there is no chain-${number}`);
  return found;
}

const onHost = async (...argv: string[]) => (await runOnHost(name, "host-1", argv)).stdout.trim();
const virsh = (...argv: string[]) => onHost("virsh", ...argv);
/** How often libvirt has started the VM: it writes a line into the VM's log each time. */
const starts = async ({ guest }: Subject) =>
  Number(await onHost("grep", "-c", "starting up libvirt", `/var/log/libvirt/qemu/${guest.name}.log`));
/** Processes of QEMU whose command line carries the UUID $1. */
const countScript =
  'for dir in /proc/[0-9]*; do case "$(readlink "$dir/exe")" in *qemu-system*) grep -qF -- "$1" "$dir/cmdline" && echo;; esac; done | wc -l';
const qemuCount = async ({ guest }: Subject) => Number(await onHost("sh", "-c", countScript, "sh", guest.uuid));
const killQemu = ({ guest }: Subject) => onHost("sh", "-c", `kill -9 "$(cat /run/libvirt/qemu/${guest.name}.pid)"`);
const inGuest = ({ guest }: Subject, command: string) => {
  const request = { execute: "guest-exec", arguments: { path: "/bin/sh", arg: ["-c", command] } };
  return virsh("qemu-agent-command", guest.name, JSON.stringify(request));
};

const answers = ({ guest }: Subject) =>
  until(`${guest.name} answers HTTP`, async () => {
    const reply = await fetch(`http://${guest.address}/`, { signal: AbortSignal.timeout(1_000) }).catch(
      () => undefined,
    );
    return reply?.ok ? true : undefined;
  });
const agentAnswers = ({ guest }: Subject) =>
  until("the guest's agent", async () =>
    (await virsh("qemu-agent-command", guest.name, '{"execute":"guest-ping"}')) === "" ? undefined : true,
  );

/** The next incident of the VM after those in `before`, once it has ended. */
const nextEnded = ({ vm }: Subject, before: readonly IncidentView[]) =>
  until("the incident's end", async () =>
    (await incidentsOf(server, vm)).find((it) => it.endedAt !== null && before.every((old) => old.id !== it.id)),
  );

describe("a VM that fails comes back by itself", () => {
  const causes: [string, IncidentView["cause"], (it: Subject) => Promise<unknown>, number][] = [
    ["its QEMU is killed", "qemu-died", killQemu, 1],
    ["its kernel panics", "guest-panic", (it) => inGuest(it, "echo c > /proc/sysrq-trigger"), 1],
    ["it is paused", "paused", ({ guest }) => virsh("suspend", guest.name), 1],
    ["the guest switches itself off", "powered-off", (it) => inGuest(it, "poweroff"), 2],
  ];
  test.each(causes)("when %s", async (_, cause, breakIt, number) => {
    const it = subject(number);
    await agentAnswers(it);
    const before = await incidentsOf(server, it.vm);
    await breakIt(it);
    const incident = await nextEnded(it, before);
    expect(incident).toMatchObject({ cause, state: "repaired", layer: "vm" });
    const { tp, td, tr } = incident;
    expect(tp).toBeLessThanOrEqual(td);
    expect(td).toBeLessThanOrEqual(tr ?? 0);
    expect(incident.repairs[0]?.steps.map((step) => [step.name, step.state])).toEqual([
      ["look", "done"],
      ["bring up", "done"],
      ["verify", "done"],
    ]);
    await answers(it);
    expect(await qemuCount(it)).toBe(1);
  });

  test("when it died while Belay was down", async () => {
    const it = subject(2);
    const before = await incidentsOf(server, it.vm);
    await server.kill();
    await killQemu(it);
    server = await startServer({ dataDir, port });
    expect(await nextEnded(it, before)).toMatchObject({ cause: "qemu-died", state: "repaired" });
    await answers(it);
  });
});

describe("what is not a failure", () => {
  test("a restart of Belay neither restarts nor forgets what runs", async () => {
    const it = subject(2);
    const [run, before] = [await starts(it), await incidentsOf(server, it.vm)];
    await server.stop();
    server = await startServer({ dataDir, port });
    await until("the host is up", async () => (await cloudOf(server)).hosts.find((host) => host.state === "up"));
    const { vms } = await cloudOf(server);
    expect(vms.map((vm) => vm.name).sort()).toEqual(guestNames);
    expect(await starts(it)).toBe(run);
    expect(await incidentsOf(server, it.vm)).toHaveLength(before.length);
  });

  test("a VM that somebody switched off on its host stays off, and is protected again once it is started", async () => {
    const it = subject(2);
    const before = await incidentsOf(server, it.vm);
    await virsh("destroy", it.guest.name);
    const wanted = (state: VmView["wanted"]) => async () =>
      (await cloudOf(server)).vms.find(({ id, wanted }) => id === it.vm.id && wanted === state);
    await until("the wish to stop is understood", wanted("stopped"));
    expect(await virsh("domstate", it.guest.name)).toBe("shut off");
    await virsh("start", it.guest.name);
    await until("the wish to run is understood", wanted("running"));
    expect(await incidentsOf(server, it.vm)).toHaveLength(before.length);
    await answers(it);
  });
});

describe("kill -9 of the server in the middle of a repair: it goes on, nothing is done twice, never two copies", () => {
  // From the kill of QEMU to the answer takes some five seconds in emulation: these moments fall before, into and after every step.
  const moments = [0, 150, 250, 400, 700, 1_000, 1_500, 3_000, 4_500].map((afterMs, index) => ({
    afterMs,
    number: 3 + (index % 3),
  }));
  test.each(moments)("$afterMs ms after the VM's death", async ({ afterMs, number }) => {
    const it = subject(number);
    await answers(it);
    const [run, before] = [await starts(it), await incidentsOf(server, it.vm)];
    await killQemu(it);
    await sleep(afterMs); // the moment of the crash is the test's input
    await server.kill();
    server = await startServer({ dataDir, port });
    expect(await nextEnded(it, before)).toMatchObject({ state: "repaired" });
    expect(await incidentsOf(server, it.vm)).toHaveLength(before.length + 1);
    expect(await starts(it)).toBe(run + 1); // exactly one
    expect(await qemuCount(it)).toBe(1);
  });
});

test("a host that is removed is forgotten, and its guests run on", async () => {
  const it = subject(2);
  const run = await starts(it);
  const host = (await cloudOf(server)).hosts[0];
  await server.api("DELETE", `/hosts/${host?.id}`);
  await until("forgotten", async () => ((await cloudOf(server)).vms.length === 0 ? true : undefined));
  expect(await starts(it)).toBe(run);
  await answers(it);
});
