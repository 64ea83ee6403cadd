import type { EpochMs, TpSource, Vm, WantedState } from "../model/index.ts";
import type { GuestVerdict } from "./diagnose-guest.ts";
import { diagnoseVm, type Sight, type Verdict } from "./diagnose-vm.ts";

/** What the engine remembers of a VM between two looks. Lost at a restart without harm: patience then begins anew. */
export interface VmMemory {
  /** Key of the state and reason last seen. */
  readonly key: string;
  /** Since when it has been so. */
  readonly since: EpochMs;
  /** How that time is known. */
  readonly sinceSource: "event" | "scan";
}

export interface VmQuestion {
  /** As it was last written down. */
  readonly vm: Pick<Vm, "wanted" | "state" | "reason">;
  readonly sight: Sight;
  readonly said: readonly string[];
  /** When the oldest event came that led to this look; undefined when a scan did. */
  readonly heardAt: EpochMs | undefined;
  readonly memory: VmMemory | undefined;
  /** What the guest's silence means, and when it last answered in this run: nothing, where it never did. */
  readonly guest?: { readonly verdict: GuestVerdict; readonly answeredAt: EpochMs } | undefined;
}

export type VmDecision = {
  readonly memory: VmMemory;
  readonly verdict: Verdict;
  /** A wish to write down: the owner, or somebody on the host, started or stopped the VM on purpose. */
  readonly wish: { readonly wanted: WantedState; readonly words: string } | undefined;
  /** Best estimate of when it failed. */
  readonly tp: EpochMs;
  readonly tpSource: TpSource;
};

const notAlive: readonly Vm["state"][] = ["stopped", "missing"];

/** One look at one VM. Pure. */
export function decideVm(question: VmQuestion, now: EpochMs): VmDecision {
  const { vm, sight, memory, heardAt } = question;
  const key = sight === undefined ? "missing" : `${sight.state}/${sight.reason}`;
  const same = memory !== undefined && memory.key === key;
  const known = sight !== undefined && vm.state === sight.state && vm.reason === sight.reason;
  const since = same ? memory.since : (heardAt ?? now);
  const sinceSource = same ? memory.sinceSource : heardAt === undefined ? "scan" : "event";

  // Somebody started on the host what was wanted off: that is a wish too.
  // It may be seen while it is just being started: once that is written down, it is no news any more that it runs.
  const starts = sight?.state === "running" || (sight?.state === "paused" && sight.reason === "starting-up");
  const startedByHand = vm.wanted === "stopped" && notAlive.includes(vm.state) && starts;
  const wanted = startedByHand ? "running" : vm.wanted;
  const seen = diagnoseVm({ wanted, sight, said: question.said, known, since, now });
  // Only of a VM that the hypervisor calls well: else it says more than a silence.
  const asked = sight?.state === "running" && wanted === "running" && seen.kind === "well" ? question.guest : undefined;
  const silent = asked !== undefined && asked.verdict.kind !== "well";
  const verdict = silent ? asked.verdict : seen;
  const wish = startedByHand
    ? ({ wanted: "running", words: "It was started on the hypervisor by hand, so it is taken as wanted." } as const)
    : verdict.kind === "intended"
      ? { wanted: verdict.wanted, words: verdict.words }
      : undefined;

  return {
    memory: same ? memory : { key, since, sinceSource },
    verdict,
    wish,
    tp: silent ? asked.answeredAt : since,
    tpSource: silent ? "scan" : sinceSource,
  };
}
