import { providerView } from "../../decide/index.ts";
import {
  type ApplicationId,
  causes,
  concludeTogether,
  type EpochMs,
  type Incident,
  type JointConclusion,
  type ProviderView,
  type SensorReport,
  sensorsFreshForMs,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { within } from "../guard/within.ts";
import type { GuestWatch } from "../guest-watch.ts";
import type { EngineStore, Heard } from "../ports.ts";
import { refOf, sayTo } from "./say.ts";

/** A customer is answered within a second: what takes longer to find out is answered by what is known. */
const lookWithinMs = 600;

type Asked = Extract<Heard["message"], { readonly kind: "diagnosis.asked" }>;

/** What the engine sees of the VM right now. */
async function seen(env: Env, options: EngineOptions, guests: GuestWatch, vm: Vm): Promise<ProviderView> {
  const { store, hypervisor, prober, clock } = env;
  const host = await store.host(vm.hostId);
  const isolated = (await store.openHostIncidents()).some(
    (it) => it.hostId === vm.hostId && it.cause === "host-isolated",
  );
  const asks = host?.state === "up" && (host.standing === "in-use" || host.standing === "maintenance");
  const unknown = { state: vm.state };
  const [sight, answers] = asks
    ? await Promise.all([
        within(
          clock,
          lookWithinMs,
          hypervisor.readDomain(vm.hostId, vm.uuid).then(
            (it) => ({ state: it?.state ?? ("missing" as const) }),
            () => unknown,
          ),
          unknown,
        ),
        within(clock, lookWithinMs, prober.answers(vm, vm.answerCheck, options.probeTimeoutMs), false),
      ])
    : [unknown, false];
  return providerView(host, isolated, sight, {
    verdict: answers ? { kind: "well" } : guests.verdict(vm.id),
    silent: !answers,
    everAnswered: answers || guests.lastAnswer(vm.id) !== undefined,
  });
}

/** One incident that both see: it is the owner's to repair, and ends when their sensors say so. */
async function openApplicationIncident(
  env: Env,
  vm: Vm,
  { at, by, message }: Heard & { readonly message: Asked },
  { certainty, words }: JointConclusion,
): Promise<void> {
  const now = env.clock.now();
  await env.store.openIncident({
    ...{ vmId: vm.id, layer: "application", cause: "application-down", certainty, tp: at, tpSource: "event", td: now },
    evidence: [
      { at, source: "customer", words: `${by} says: ${message.words}`, audience: "all" },
      { at: now, source: "customer", words, audience: "all" },
    ],
    words: `${vm.name}: ${causes["application-down"]}. ${words}`,
    plan: { refusal: "Its servers are its owner's: their manager repairs them." },
  });
}

/** Answers a customer's question: the provider's view, and what follows from the two together. */
export async function answerQuestion(
  env: Env,
  options: EngineOptions,
  guests: GuestWatch,
  applicationDown: Set<VmId>,
  question: Heard & { readonly message: Asked },
): Promise<void> {
  const { store, clock } = env;
  const vm = await store.vm(question.message.vmId);
  if (vm !== undefined && vm.organizationId === question.organizationId) {
    const view = await seen(env, options, guests, vm);
    const conclusion = concludeTogether(view, question.message.customer);
    let open = await store.openIncidentOf(vm.id);
    if (open === undefined && conclusion.layer === "application" && conclusion.certainty !== "unsure") {
      applicationDown.add(vm.id); // before it is there: a look must not take it for over
      await openApplicationIncident(env, vm, question, conclusion);
      open = await store.openIncidentOf(vm.id);
      if (open?.layer !== "application") applicationDown.delete(vm.id);
    }
    const ours = conclusion.layer === "vm" && open?.layer === "vm" ? ` ${underWay(open)}` : "";
    const thread = { incidentId: open?.id ?? question.incidentId, repairId: null };
    await sayTo(env, vm.organizationId, thread, `answer/${question.id}`, {
      ...{ kind: "diagnosis.answered", question: question.id, vm: refOf(vm), provider: view },
      conclusion: { ...conclusion, words: `${conclusion.words}${ours}` },
    });
  }
  await store.settle(question.id, clock.now());
}

const underWay = ({ id, state }: Incident): string =>
  state === "handed-over" ? `People were told (incident ${id}).` : `It is being repaired (incident ${id}).`;

/** Whether every sensor that looks at the VM, or, where none does, at its application, says that all is well, by a report that is not old. */
const isWell = (report: SensorReport, vm: VmId, now: number): boolean => {
  if (now - report.reportedAt > sensorsFreshForMs) return false;
  const ofVm = report.sensors.filter((it) => it.vmId === vm);
  const asked = ofVm.length > 0 ? ofVm : report.sensors;
  return asked.length > 0 && asked.every((it) => it.state === "ok");
};

/** Whose sensors are silent for so long have nobody who looks any more, and nothing to say that it is over. */
const forgottenAfterMs = 30 * 60_000;

/** Why an incident of the VM's servers is over; undefined while it is not. */
function isOver(vm: Vm, td: EpochMs, report: SensorReport | undefined, now: EpochMs): string | undefined {
  if (vm.wanted === "stopped") return "its owner wants it stopped.";
  if (report !== undefined && report.reportedAt > td && isWell(report, vm.id, now))
    return "its owner's sensors say that it serves again.";
  if (now - Math.max(td, report?.reportedAt ?? td) > forgottenAfterMs)
    return "its owner's sensors have been silent for half an hour: nobody can say whether it serves.";
  return undefined;
}

type KnowsApplications = Pick<Env, "clock"> & {
  readonly store: Pick<EngineStore, "applicationIncidents" | "sensorsOf" | "vm" | "openIncidentOf" | "clearIncident">;
};

/** Ends incidents of applications that are over. Gives those that are left. */
export async function endApplicationIncidents({ store, clock }: KnowsApplications): Promise<readonly VmId[]> {
  const left: VmId[] = [];
  const reports = new Map<ApplicationId, SensorReport | undefined>();
  for (const { vmId, applicationId, td } of await store.applicationIncidents()) {
    if (vmId === null) continue;
    if (applicationId !== null && !reports.has(applicationId))
      reports.set(applicationId, await store.sensorsOf(applicationId));
    const report = applicationId === null ? undefined : reports.get(applicationId);
    const vm = await store.vm(vmId);
    const over = vm === undefined ? undefined : isOver(vm, td, report, clock.now());
    if (vm === undefined || over === undefined || (await store.openIncidentOf(vmId))?.layer !== "application")
      left.push(vmId);
    else await store.clearIncident(vmId, `${vm.name}: ${over}`, clock.now());
  }
  return left;
}
