import type { Host, JointConclusion, ProviderView, Vm } from "../../model/index.ts";
import type { GuestVerdict } from "../diagnose-guest.ts";

const silent: readonly ProviderView["host"][] = ["dead", "cut-off", "unknown"];

function hostView(
  host: Pick<Host, "health" | "standing" | "state"> | undefined,
  isolated: boolean,
): ProviderView["host"] {
  if (host === undefined) return "unknown";
  if (host.standing === "fencing" || host.standing === "fenced") return "dead";
  if (isolated) return "cut-off";
  if (host.health !== "green") return "suspected";
  return host.state === "up" ? "well" : "unknown";
}

/**
 * What the engine knows of a VM, without names of hosts. `isolated`: other hosts reach its host and Belay does not. `guest`: what is made of
 * the guest's answers, or of its silence.
 */
export function providerView(
  host: Pick<Host, "health" | "standing" | "state"> | undefined,
  isolated: boolean,
  vm: Pick<Vm, "state">,
  guest: { readonly verdict: GuestVerdict; readonly silent: boolean; readonly everAnswered: boolean },
): ProviderView {
  const view = hostView(host, isolated);
  if (silent.includes(view)) return { host: view, vm: "unknown" };
  switch (vm.state) {
    case "running": {
      const { verdict } = guest;
      if (verdict.kind === "failed") return { host: view, vm: verdict.cause === "hung" ? "hung" : "unreachable" };
      return { host: view, vm: guest.silent || !guest.everAnswered ? "silent" : "running" };
    }
    case "stopping":
      return { host: view, vm: "stopped" };
    case "unknown":
      return { host: view, vm: "unknown" };
    default:
      return { host: view, vm: vm.state };
  }
}

/**
 * Where the table of both views is not asked: a VM that is to be off has not failed, and one that is off only now may be meant to be. Who
 * took either for dead would give its disk back. `vm`: as it is written down by now, after it was looked at.
 */
export function wantedOff(vm: Pick<Vm, "wanted" | "state">, view: ProviderView): JointConclusion | undefined {
  const nothing = { layer: null } as const;
  if (vm.wanted === "stopped" && view.vm === "stopped")
    return {
      ...nothing,
      certainty: "certain",
      words: "The VM is off because that was wanted: nothing of it has failed.",
    };
  if (vm.wanted === "stopped")
    return { ...nothing, certainty: "certain", words: "The VM is wanted off: nothing of it is taken for failed." };
  if (view.vm === "stopped" && vm.state !== "stopped")
    return {
      ...nothing,
      certainty: "unsure",
      words: "The VM has just gone off. It is not known yet whether that was wanted.",
    };
  return undefined;
}
