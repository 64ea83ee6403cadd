import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { isolate, powerOff, powerOn, rejoin, runOnHost, stopLibvirtd } from "../../../lab/index.ts";
import { applicationId, type IncidentView } from "../../../lib/contract/index.ts";
import type { Cause, CustomerView, Layer } from "../../../lib/model/index.ts";
import { customerKey } from "../../stack/customer-key.ts";
import { cloudOf, until } from "../../stack/enrol.ts";
import { allProtected, answers, type FaultLab, page, type Subject } from "../../stack/fault-lab.ts";
import type { Judged } from "./simulated-faults.ts";
import { type Talker, talk } from "./talker.ts";

const run = promisify(execFile);
const quietForMs = 12_000;
const diagnosedWithinMs = 240_000;
/** Belay asks each guest every ten seconds: one that it has never heard in this run says nothing by its silence. */
const heardWithinMs = 12_000;
const reportEveryMs = 4_000;

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
  /** It is known by silence: Belay must have heard the guest before. */
  readonly silent?: true;
  befall(place: Place): Promise<void>;
  mend?(place: Place): Promise<void>;
}

async function virsh({ fault, host }: Place, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runOnHost(fault.name, host, ["virsh", ...words]);
  if (code !== 0) throw new Error(`virsh ${words.join(" ")}: ${stderr}`);
  return stdout;
}

const begun = z.object({ return: z.object({ pid: z.int() }) });
const ended = z.object({ return: z.object({ exited: z.boolean(), exitcode: z.int().optional() }) });

/** Begins one command inside the guest, by its agent, which may just be starting: the bench has no other hand in it. */
async function beginInGuest(place: Place, command: string): Promise<number> {
  const { name } = place.subject.guest;
  await until(`the agent of ${name}`, () =>
    virsh(place, "qemu-agent-command", name, '{"execute":"guest-ping"}').catch(() => undefined),
  );
  const order = { execute: "guest-exec", arguments: { path: "/bin/busybox", arg: ["sh", "-c", command] } };
  return begun.parse(JSON.parse(await virsh(place, "qemu-agent-command", name, JSON.stringify(order)))).return.pid;
}

/** The same, done: what is looked at next must find it so. */
async function inGuest(place: Place, command: string): Promise<void> {
  const pid = await beginInGuest(place, command);
  const question = JSON.stringify({ execute: "guest-exec-status", arguments: { pid } });
  const code = await until(`"${command}" in the guest`, async () => {
    const said = ended.parse(
      JSON.parse(await virsh(place, "qemu-agent-command", place.subject.guest.name, question)),
    ).return;
    return said.exited ? (said.exitcode ?? 0) : undefined;
  });
  if (code !== 0) throw new Error(`"${command}" in the guest ended with ${code}`);
}

/** To the guest's web server, which is known by its command line: its program is busybox, as everything there. */
const toServer = (signal: "STOP" | "CONT") => `found=1
for process in /proc/[0-9]*; do
  case "$(/bin/busybox tr "\\0" " " 2> /dev/null < "$process/cmdline")" in
    "/bin/busybox httpd "*) kill -${signal} "\${process#/proc/}" && found=0 ;;
  esac
done
exit $found`;

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
    befall: async (place) => void (await beginInGuest(place, "echo c > /proc/sysrq-trigger")),
  },
  {
    name: "guest-powers-off",
    layer: "vm",
    causes: ["powered-off"],
    befall: async (place) => void (await beginInGuest(place, "/bin/busybox poweroff -f")),
  },
  {
    name: "guest-network-cut",
    layer: "vm",
    causes: ["unreachable"],
    silent: true,
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
    befall: (place) => inGuest(place, toServer("STOP")),
    mend: (place) => inGuest(place, toServer("CONT")),
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
  const talker = await talk({
    url: server.url,
    key: await customerKey(server.url, dataDir, "Aster", { name: "bench", scopes: ["read", "collaborate"] }),
    name: "diagnose",
    react({ id: question, data }, say) {
      const asked = data.kind === "diagnosis.asked" ? subjects.find(({ vm }) => vm.id === data.vm.id) : undefined;
      if (asked !== undefined)
        void viewOf(asked).then((customer) => say({ kind: "diagnosis.answered", question, customer }));
      if (data.kind === "repair.proposed") say({ kind: "repair.accepted", repair: data.repair });
      if (data.kind === "vm.restarted") say({ kind: "repair.completed", repair: data.repair, words: "All is well." });
    },
  });
  // An application's failure is over when its owner's sensors say so.
  const look = async () => {
    const sensors = subjects.map(async (subject) => {
      const { service } = await viewOf(subject);
      const { name, id: vmId } = subject.vm;
      const state = service === "answers" ? ("ok" as const) : ("failing" as const);
      return { name, kind: "http" as const, server: name, vmId, fromVmId: null, state, since: Date.now(), words: "" };
    });
    talker.report({ applicationId: applicationId.parse(id), sensors: await Promise.all(sensors) });
  };
  const timer = setInterval(() => void look(), reportEveryMs);
  return {
    ...talker,
    close() {
      clearInterval(timer);
      talker.close();
    },
  };
}

const recent = async ({ server }: FaultLab): Promise<readonly IncidentView[]> =>
  (await server.api<{ incidents: IncidentView[] }>("GET", "/incidents")).incidents;

const told = ({ layer, cause, certainty }: IncidentView) => `${layer}: ${cause} (${certainty})`;

/** One fault on the real lab, what both concluded, and then everything well again. */
async function judgeOne(place: Place, kind: LabClass, talker: Talker, turn: number): Promise<Judged> {
  const { fault, subject, host } = place;
  const known = new Set((await recent(fault)).map(({ id }) => id));
  const hostId = (await fault.host(host)).id;
  if (kind.silent) await sleep(heardWithinMs);
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
  const left = async () => (await recent(fault)).filter(({ endedAt }) => endedAt === null);
  await until("every incident is over", async () => ((await left()).length === 0 ? true : undefined)).catch(
    async (error: unknown) => {
      throw new Error(`after ${kind.name} there is left: ${(await left()).map(told).join(", ")}`, { cause: error });
    },
  );
  return { fault: `lab ${kind.name}`, seed: turn, right, tookMs, concluded, destructiveWhileUncertain: destructive };
}

export const labClassNames: readonly string[] = labClasses.map(({ name }) => name);

export async function judgeLab(
  fault: FaultLab,
  talker: Talker,
  each: number,
  log: (line: string) => void,
  signal: AbortSignal,
  only: readonly string[],
): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  for (const kind of labClasses.filter(({ name }) => only.includes(name))) {
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
