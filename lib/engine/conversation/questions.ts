import { providerView, wantedOff } from "../../decide/index.ts";
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
import type { EngineStore, Heard, Hypervisor } from "../ports.ts";
import { refOf, sayTo } from "./say.ts";

/** A customer is answered within a second: what takes longer to find out is answered by what is known. */
const answerWithinMs = 600;
/** In less than this nobody is asked: a guest that is slow would be taken for a silent one. */
const lookAtLeastMs = 300;

type Asked = Extract<Heard["message"], { readonly kind: "diagnosis.asked" }>;
export type Question = Heard & { readonly message: Asked };

/** All that an answer touches. */
type Answers = Pick<Env, "clock" | "prober"> & {
  readonly store: Pick<
    EngineStore,
    "vm" | "host" | "openHostIncidents" | "openIncidentOf" | "openIncident" | "say" | "settle"
  >;
  readonly hypervisor: Pick<Hypervisor, "readDomain">;
};
type Guests = Pick<GuestWatch, "answers" | "verdict" | "lastAnswer">;
type Options = Pick<EngineOptions, "probeTimeoutMs">;

/** What its host and its guest say now; what is known of them already where the question has waited too long for that. */
async function asked(
  { hypervisor, prober, clock }: Answers,
  { probeTimeoutMs }: Options,
  guests: Guests,
  vm: Vm,
  lookWithinMs: number,
) {
  const unknown = { state: vm.state };
  if (lookWithinMs < lookAtLeastMs) return [unknown, guests.answers(vm.id) !== undefined] as const;
  const read = hypervisor.readDomain(vm.hostId, vm.uuid).then(
    (it) => ({ state: it?.state ?? ("missing" as const) }),
    () => unknown,
  );
  return Promise.all([
    within(clock, lookWithinMs, read, unknown),
    within(clock, lookWithinMs, prober.answers(vm, vm.answerCheck, probeTimeoutMs), false),
  ]);
}

/** What the engine sees of the VM right now. */
async function seen(
  env: Answers,
  options: Options,
  guests: Guests,
  vm: Vm,
  lookWithinMs: number,
): Promise<ProviderView> {
  const { store } = env;
  const host = await store.host(vm.hostId);
  const isolated = (await store.openHostIncidents()).some(
    (it) => it.hostId === vm.hostId && it.cause === "host-isolated",
  );
  const asks = host?.state === "up" && (host.standing === "in-use" || host.standing === "maintenance");
  const [sight, answers] = asks ? await asked(env, options, guests, vm, lookWithinMs) : [{ state: vm.state }, false];
  return providerView(host, isolated, sight, {
    verdict: answers ? { kind: "well" } : guests.verdict(vm.id),
    silent: !answers,
    everAnswered: answers || guests.lastAnswer(vm.id) !== undefined,
  });
}

/** One incident that both see: it is the owner's to repair, and ends when their sensors say so. */
async function openApplicationIncident(
  env: Answers,
  vm: Vm,
  { at, by, message }: Question,
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

/** Answers customers' questions about one VM, which is looked at once: the provider's view, and what follows from both together. */
export async function answerQuestions(
  env: Answers,
  options: Options,
  guests: Guests,
  applicationDown: Set<VmId>,
  questions: readonly Question[],
  waitedMs: number,
): Promise<void> {
  const { store, clock } = env;
  const vmId = questions[0]?.message.vmId;
  const vm = vmId === undefined ? undefined : await store.vm(vmId);
  const view = vm === undefined ? undefined : await seen(env, options, guests, vm, answerWithinMs - waitedMs);
  // Whether it is wanted may have been learned while it was looked at.
  const known = vm === undefined ? undefined : await store.vm(vm.id);
  for (const question of questions) {
    if (known !== undefined && view !== undefined && known.organizationId === question.organizationId)
      await answerQuestion(env, known, view, applicationDown, question);
    await store.settle(question.id, clock.now());
  }
}

async function answerQuestion(
  env: Answers,
  vm: Vm,
  view: ProviderView,
  applicationDown: Set<VmId>,
  question: Question,
): Promise<void> {
  const { store } = env;
  const conclusion = wantedOff(vm, view) ?? concludeTogether(view, question.message.customer);
  let open = await store.openIncidentOf(vm.id);
  if (open === undefined && conclusion.layer === "application" && conclusion.certainty !== "unsure") {
    applicationDown.add(vm.id); // before it is there: a look must not take it for over
    await openApplicationIncident(env, vm, question, conclusion);
    open = await store.openIncidentOf(vm.id);
    if (open?.layer !== "application") applicationDown.delete(vm.id);
  }
  const thread = { incidentId: open?.id ?? null, repairId: null };
  await sayTo(env, vm.organizationId, thread, `answer/${question.id}`, {
    ...{ kind: "diagnosis.answered", question: question.id, vm: refOf(vm), provider: view },
    conclusion: { ...conclusion, words: `${conclusion.words}${oursSoFar(conclusion, open)}` },
  });
}

/** What the provider does about a VM that both hold for failed: the customer may not take a conclusion for a repair. */
function oursSoFar({ layer }: JointConclusion, open: Incident | undefined): string {
  if (layer !== "vm" && layer !== "host") return "";
  if (open === undefined || open.layer === "application") return " The provider repairs nothing of this VM yet.";
  const { id, state } = open;
  return state === "handed-over" ? ` People were told (incident ${id}).` : ` It is being repaired (incident ${id}).`;
}

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
