import type { Host, ProviderView, Vm } from "../../model/index.ts";
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
