import type { Cause, CustomerView, Layer } from "../../../lib/model/index.ts";
import type { Action } from "../../../lib/sim/index.ts";

/** A class of faults with its label: what really failed. */
export interface FaultClass {
  readonly name: string;
  /** null: nothing failed, and nothing may be concluded to have. */
  readonly layer: Layer | null;
  /** The causes that say just this. */
  readonly causes: readonly Cause[];
  /** What befalls the cloud, in order. */
  befall(vm: string, host: string): readonly Action[];
  /** What the customer's own sensors see of the VM then; missing: they are not asked, the provider finds it alone. */
  readonly customer?: CustomerView;
  /** How the guest is set up, where it matters. */
  readonly onCrash?: "preserve" | "destroy";
}

const well: CustomerView = { reached: "by-all", processes: "running", service: "answers" };

/** Each is one thing that can fail, in the words of the simulated cloud (lib/sim/ACTIONS.md). */
export const faultClasses: readonly FaultClass[] = [
  { name: "qemu-killed", layer: "vm", causes: ["qemu-died"], befall: (vm) => [{ do: "kill-qemu", vm }] },
  {
    name: "qemu-killed-event-lost",
    layer: "vm",
    causes: ["qemu-died"],
    befall: (vm) => [
      { do: "lose-events", count: 1 },
      { do: "kill-qemu", vm },
    ],
  },
  { name: "guest-panic", layer: "vm", causes: ["guest-panic"], befall: (vm) => [{ do: "panic", vm }] },
  {
    name: "guest-panic-destroyed",
    layer: "vm",
    causes: ["guest-panic"],
    onCrash: "destroy",
    befall: (vm) => [{ do: "panic", vm }],
  },
  { name: "guest-powers-off", layer: "vm", causes: ["powered-off"], befall: (vm) => [{ do: "guest-powers-off", vm }] },
  { name: "guest-sleeps", layer: "vm", causes: ["suspended"], befall: (vm) => [{ do: "guest-sleeps", vm }] },
  { name: "watchdog", layer: "vm", causes: ["paused-watchdog"], befall: (vm) => [{ do: "watchdog", vm }] },
  {
    name: "disk-full",
    layer: "vm",
    causes: ["paused-io-error"],
    befall: (vm) => [{ do: "disk-error", vm, reason: "no space" }],
  },
  {
    name: "disk-error",
    layer: "vm",
    causes: ["paused-io-error"],
    befall: (vm) => [{ do: "disk-error", vm, reason: "other" }],
  },
  { name: "guest-hangs", layer: "vm", causes: ["hung"], befall: (vm) => [{ do: "hang", vm, kind: "idle" }] },
  {
    name: "guest-network-cut",
    layer: "vm",
    causes: ["unreachable"],
    befall: (vm) => [{ do: "unplug-guest", vm }],
  },
  {
    name: "host-power-lost",
    layer: "host",
    causes: ["host-dead"],
    befall: (_, host) => [{ do: "host-power-off", host }],
  },
  { name: "host-isolated", layer: "host", causes: ["host-isolated"], befall: (_, host) => [{ do: "isolate", host }] },
  {
    name: "libvirtd-dead",
    layer: "host",
    causes: ["libvirtd-dead"],
    befall: (_, host) => [{ do: "libvirtd-dies", host }],
  },
  {
    name: "server-killed",
    layer: "application",
    causes: ["application-down"],
    befall: () => [],
    customer: { ...well, processes: "some-dead", service: "fails" },
  },
  {
    name: "server-hangs",
    layer: "application",
    causes: ["application-down"],
    befall: () => [],
    customer: { ...well, service: "fails" },
  },
  { name: "owner-stops-it", layer: null, causes: [], befall: (vm) => [{ do: "person-stops", vm }] },
  {
    name: "host-overdue-for-a-moment",
    layer: null,
    causes: [],
    befall: (_, host) => [
      { do: "isolate", host },
      { do: "rejoin", host },
    ],
  },
  { name: "sensors-doubt-a-well-vm", layer: null, causes: [], befall: () => [], customer: well },
];
