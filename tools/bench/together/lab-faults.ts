import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isolate, powerOff, powerOn, rejoin, runOnHost, stopLibvirtd } from "../../../lab/index.ts";
import type { IncidentView } from "../../../lib/contract/index.ts";
import type { Cause, CustomerView, Layer } from "../../../lib/model/index.ts";
import { cloudOf, until } from "../../stack/enrol.ts";
import { allProtected, answers, type FaultLab, page, type Subject } from "../../stack/fault-lab.ts";
import { customerKey } from "./customer.ts";
import type { Judged } from "./simulated-faults.ts";
import { type Talker, talk } from "./talker.ts";

const run = promisify(execFile);
const quietForMs = 12_000;
const diagnosedWithinMs = 240_000;

interface Place {
  readonly fault: FaultLab;
  readonly subject: Subject;
  /** The host that carries it now. */
  readonly host: string;
}

interface LabClass {
  readonly name: string;
  readonly layer: Layer | null;
  readonly causes: readonly Cause[];
  readonly asks?: true;
  befall(place: Place): Promise<void>;
  mend?(place: Place): Promise<void>;
}

async function virsh({ fault, host }: Place, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runOnHost(fault.name, host, ["virsh", ...words]);
  if (code !== 0) throw new Error(`virsh ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** One command inside the guest, by its agent, which may just be starting: the bench has no other hand in it. */
async function inGuest(place: Place, command: string): Promise<void> {
  const { name } = place.subject.guest;
  await until(`the agent of ${name}`, () =>
    virsh(place, "qemu-agent-command", name, '{"execute":"guest-ping"}').catch(() => undefined),
  );
  const order = { execute: "guest-exec", arguments: { path: "/bin/busybox", arg: ["sh", "-c", command] } };
  await virsh(place, "qemu-agent-command", name, JSON.stringify(order));
}

async function link(place: Place, to: "up" | "down"): Promise<void> {
  const { name } = place.subject.guest;
  const mac = /([0-9a-f]{2}:){5}[0-9a-f]{2}/.exec(await virsh(place, "domiflist", name))?.[0];
  if (mac === undefined) throw new Error(`${name} has no network interface`);
  await virsh(place, "domif-setlink", name, mac, to);
}

const labClasses: readonly LabClass[] = [
  {
    name: "qemu-killed",
    layer: "vm",
    causes: ["qemu-died"],
    async befall({ fault, subject }) {
      const { vms } = await cloudOf(fault.server);
      const runId = vms.find(({ id }) => id === subject.vm.id)?.runId;
      const key = { "idempotency-key": `diagnose-${subject.vm.id}-${runId}` };
      await fault.server.api("POST", `/vms/${subject.vm.id}/kill`, { runId }, key);
    },
  },
  {
    name: "guest-panic",
    layer: "vm",
    causes: ["guest-panic"],
    befall: (place) => inGuest(place, "echo c > /proc/sysrq-trigger"),
  },
  {
    name: "guest-powers-off",
    layer: "vm",
    causes: ["powered-off"],
    befall: (place) => inGuest(place, "/bin/busybox poweroff -f"),
  },
  {
    name: "guest-network-cut",
    layer: "vm",
    causes: ["unreachable"],
    befall: (place) => link(place, "down"),
    mend: (place) => link(place, "up"),
  },
  {
    name: "host-power-lost",
    layer: "host",
    causes: ["host-dead"],
    befall: ({ fault, host }) => powerOff(fault.name, host),
    mend: ({ fault, host }) => powerOn(fault.name, host),
  },
  {
    name: "host-isolated",
    layer: "host",
    causes: ["host-isolated"],
    befall: ({ fault, host }) => isolate(fault.name, [host]),
    mend: ({ fault, host }) => rejoin(fault.name, [host]),
  },
  {
    name: "libvirtd-dead",
    layer: "host",
    causes: ["libvirtd-dead"],
    befall: ({ fault, host }) => stopLibvirtd(fault.name, host),
  },
  {
    name: "owner-stops-it",
    layer: null,
    causes: [],
    befall: async (place) => void (await virsh(place, "destroy", place.subject.guest.name)),
    mend: async (place) => void (await virsh(place, "start", place.subject.guest.name)),
  },
  {
    name: "server-hangs",
    layer: "application",
    causes: ["application-down"],
    asks: true,
    befall: (place) => inGuest(place, "/bin/busybox killall -STOP httpd"),
    mend: (place) => inGuest(place, "/bin/busybox killall -CONT httpd"),
  },
  {
    name: "server-answers-wrong",
    layer: "application",
    causes: ["application-down"],
    asks: true,
    befall: (place) => inGuest(place, "mv /var/www/host.json /var/www/gone.json"),
    mend: (place) => inGuest(place, "mv /var/www/gone.json /var/www/host.json"),
  },
];

const hostOf = async (fault: FaultLab, { vm }: Subject): Promise<string> =>
  until(`${vm.name} has a host`, async () => {
    const { vms, hosts } = await cloudOf(fault.server);
    const now = vms.find(({ id }) => id === vm.id);
    return now?.state === "running" ? hosts.find(({ id }) => id === now.hostId)?.name : undefined;
  });

/** What the customer's sensors see of the guest, by asking it. */
async function viewOf({ guest }: Subject): Promise<CustomerView> {
  const pinged = await run("ping", ["-c", "1", "-W", "2", guest.address]).then(
    () => true,
    () => false,
  );
  const service = (await page(guest.address)) === undefined ? "fails" : "answers";
  return { reached: pinged ? "by-all" : "by-none", processes: "unknown", service };
}

/** Everybody's, in one application of Aster's where both repair together, with a manager that agrees to everything. */
export async function labCustomer(fault: FaultLab): Promise<Talker> {
  const { server, subjects, dataDir } = fault;
  const { organizations } = await cloudOf(server);
  const organizationId = organizations.find(({ name }) => name === "Aster")?.id;
  const { id } = await server.api<{ id: string }>("POST", "/applications", { organizationId, name: "diagnose" });
  await server.api("PATCH", `/applications/${id}`, { mode: "collaborative" });
  for (const { vm } of subjects) await server.api("PATCH", `/vms/${vm.id}`, { applicationId: id });
  return talk({
    url: server.url,
    key: await customerKey(server.url, dataDir, "Aster", ["read", "collaborate"]),
    name: "diagnose",
    react({ id: question, data }, say) {
      const asked = data.kind === "diagnosis.asked" ? subjects.find(({ vm }) => vm.id === data.vm.id) : undefined;
      if (asked !== undefined)
        void viewOf(asked).then((customer) => say({ kind: "diagnosis.answered", question, customer }));
      if (data.kind === "repair.proposed") say({ kind: "repair.accepted", repair: data.repair });
      if (data.kind === "vm.restarted") say({ kind: "repair.completed", repair: data.repair, words: "All is well." });
    },
  });
}

const recent = async ({ server }: FaultLab): Promise<readonly IncidentView[]> =>
  (await server.api<{ incidents: IncidentView[] }>("GET", "/incidents")).incidents;

const told = ({ layer, cause, certainty }: IncidentView) => `${layer}: ${cause} (${certainty})`;

/** One fault on the real lab, what both concluded, and then everything well again. */
async function judgeOne(place: Place, kind: LabClass, talker: Talker, turn: number): Promise<Judged> {
  const { fault, subject, host } = place;
  const known = new Set((await recent(fault)).map(({ id }) => id));
  const hostId = (await fault.host(host)).id;
  const began = Date.now();
  await kind.befall(place);
  const fresh = async () =>
    (await recent(fault)).filter(
      (it) => !known.has(it.id) && it.cause !== "host-lost" && (it.vmId === subject.vm.id || it.hostId === hostId),
    );
  let concluded = "nothing failed";
  let right: boolean;
  let destructive = 0;
  if (kind.layer === null) {
    await sleep(quietForMs);
    const [wrong] = await fresh();
    right = wrong === undefined;
    if (wrong !== undefined) concluded = told(wrong);
  } else if (kind.asks) {
    const before = talker.arrivals.length;
    talker.say(
      { kind: "diagnosis.asked", vmId: subject.vm.id, customer: await viewOf(subject), words: "It does not answer." },
      undefined,
    );
    const answer = await until("the provider's answer", async () =>
      talker.arrivals.slice(before).find(({ event }) => event.data.kind === "diagnosis.answered"),
    );
    const { data } = answer.event;
    const conclusion = data.kind === "diagnosis.answered" ? data.conclusion : undefined;
    right = conclusion?.layer === kind.layer;
    concluded = `${conclusion?.layer}: ${conclusion?.words}`;
  } else {
    const sure = await until(
      `${kind.name} is diagnosed`,
      async () => (await fresh()).find(({ certainty }) => certainty !== "unsure"),
      50,
      diagnosedWithinMs,
    ).catch(async (error: unknown) => {
      throw new Error(`${kind.name} was not diagnosed; open: ${(await fresh()).map(told).join(", ") || "nothing"}`, {
        cause: error,
      });
    });
    right = sure.layer === kind.layer && kind.causes.some((it) => it === sure.cause);
    concluded = told(sure);
  }
  const tookMs = Date.now() - began;
  for (const it of await fresh()) if (it.certainty === "unsure") destructive += it.repairs.length;
  await kind.mend?.(place);
  await answers(subject.guest);
  await allProtected(fault);
  await until("every incident is over", async () =>
    (await recent(fault)).every(({ endedAt }) => endedAt !== null) ? true : undefined,
  );
  return { fault: `lab ${kind.name}`, seed: turn, right, tookMs, concluded, destructiveWhileUncertain: destructive };
}

export async function judgeLab(
  fault: FaultLab,
  talker: Talker,
  each: number,
  log: (line: string) => void,
  signal: AbortSignal,
  only?: string,
): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  for (const kind of labClasses.filter(({ name }) => only === undefined || name === only)) {
    for (let turn = 0; turn < each; turn++) {
      signal.throwIfAborted();
      const subject = fault.subjects[turn % fault.subjects.length];
      if (subject === undefined) throw new Error("the lab has no guest");
      const one = await judgeOne({ fault, subject, host: await hostOf(fault, subject) }, kind, talker, turn);
      judged.push(one);
      log(`lab ${kind.name}: ${one.right ? "right" : "WRONG"}, ${one.concluded}, ${one.tookMs} ms`);
    }
  }
  return judged;
}
