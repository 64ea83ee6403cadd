import { cloudSpec } from "../world/cloud-spec.ts";
import { action } from "./actions.ts";
import type { Scenario } from "./scenario.ts";
import { proveSteps } from "./testing/prove-steps.ts";

// One line for each technique and what it repairs: its steps come from the run itself.
proveSteps({ name: "revive-vm, QEMU died", start: "qemu-killed" });
proveSteps({ name: "revive-vm, the guest panicked", start: "guest-panic" });
proveSteps({ name: "revive-vm, the watchdog fired", start: "watchdog" });
proveSteps({ name: "revive-vm, asleep", start: "guest-sleeps", effect: /^libvirt on \S+ wakes / });
proveSteps({ name: "revive-vm, paused by hand", start: "paused-by-hand" });
proveSteps({ name: "revive-vm, a transient domain", start: "transient-domain" });
proveSteps({ name: "revive-vm, two at once", start: "two-at-once" });
proveSteps({ name: "revive-vm, hangs after its start", start: "hung-after-start", moreMs: 200_000 });
proveSteps({ name: "revive-vm, hung", start: "vm-hung-idle", effect: /^libvirt on \S+ resets /, moreMs: 200_000 });
proveSteps({ name: "hook", start: "plan-hook-instead" });
proveSteps({ name: "restart-libvirtd", start: "host-libvirtd-restarted", effect: /^libvirtd on \S+ is started/ });
const up = /^libvirt on \S+ (starts|restores) /;
proveSteps({ name: "restore-checkpoint", start: "checkpoint-qemu-dies", effect: up });
proveSteps({ name: "restore-checkpoint, on another host", start: "checkpoint-host-dies", effect: up });
proveSteps({ name: "restore-checkpoint, an older one", start: "checkpoint-newest-damaged", effect: up });
proveSteps({ name: "restore-checkpoint, then from its disk", start: "checkpoint-all-damaged", effect: up });
proveSteps({ name: "standby", start: "checkpoint-standby", effect: up, alike: ["standby", "restore-checkpoint"] });
const together = /^libvirt on \S+ (starts|restores|lets|destroys) /;
proveSteps({ name: "group-restore", start: "checkpoint-group", effect: together });
proveSteps({ name: "group-restore, two on another host", start: "group-host-dies", effect: together });
proveSteps({ name: "group-restore, an older instant", start: "group-newest-damaged", effect: together });
proveSteps({ name: "group-restore, not at all", start: "group-all-damaged", effect: together });
proveSteps({ name: "group-restore, one cannot be held", start: "group-not-held", effect: together });
proveSteps({ name: "assisted-restart", start: "checkpoint-called", effect: up });
const assisted = /^(libvirt on \S+ (starts|restores|destroys|resets) |\S+ gets a fresh disk )/;
proveSteps({ name: "assisted-rebuild, agreed and finished", start: "collab-accepted", effect: assisted, moreMs: 0 });
proveSteps({
  name: "assisted-rebuild, another way chosen",
  start: "collab-chosen-own-disk",
  effect: assisted,
  moreMs: 0,
});
proveSteps({ name: "assisted-rebuild, nobody answers", start: "collab-silent", effect: assisted, moreMs: 0 });
proveSteps({ name: "assisted-rebuild, declined", start: "collab-declined", effect: assisted, moreMs: 0 });
proveSteps({
  name: "assisted-rebuild, the customer's part fails",
  start: "collab-phase-fails",
  effect: assisted,
  moreMs: 0,
});
proveSteps({
  name: "assisted-rebuild, back to a checkpoint",
  start: "collab-checkpoint-fallback",
  effect: assisted,
  moreMs: 0,
});
proveSteps({ name: "assisted-rebuild, diagnosed together", start: "collab-unsure-dead", effect: assisted, moreMs: 0 });
proveSteps({
  name: "maintenance that is announced",
  start: "collab-maintenance",
  effect: / runs on \S+ now\.$| destroys /,
});

const sharing = { sharedPaths: ["/shared"] };
/** One place for its VMs, and a peer that shares no disk: every run has to come to the same end. */
const oneWayOut = (first: { readonly fence?: object[]; readonly helper?: true }): Scenario["hosts"] =>
  cloudSpec.parse({
    hosts: [
      { name: "host-1", vms: [{ name: "web-1" }, { name: "db-1" }], ...sharing, ...first },
      { name: "host-2", vms: [], ...sharing },
      { name: "host-3", vms: [{ name: "web-3" }] },
    ],
  }).hosts;
const afterAllowing = (...then: Scenario["steps"]): Pick<Scenario, "steps" | "engine" | "diskLocks" | "seed"> => ({
  ...{ engine: {}, diskLocks: false, seed: 1 },
  steps: [
    { atMs: 0, action: { do: "belay-starts" } },
    { atMs: 1000, action: { do: "choose", vm: "*", consent: "relocate" } },
    ...then,
  ],
});
proveSteps({
  name: "restore-checkpoint that helps nothing, then from its own disk",
  start: {
    ...{ engine: {}, diskLocks: false, seed: 1, untilMs: 60_000 },
    hosts: cloudSpec.parse({ hosts: [{ name: "host-1", vms: [{ name: "web-1" }] }] }).hosts,
    steps: [
      { atMs: 0, action: { do: "belay-starts" } },
      { atMs: 1500, action: { do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: 5000 } },
      { atMs: 22_000, action: { do: "crash-loop", vm: "web-1", afterMs: 5 } },
    ],
  },
  effect: / from the disk that it had before/,
});
proveSteps({
  name: "evacuate and relocate, by the power switch",
  start: {
    ...{ hosts: oneWayOut({ fence: [{}] }), untilMs: 40_000 },
    ...afterAllowing({ atMs: 5000, action: { do: "host-power-off", host: "host-1" } }),
  },
});
proveSteps({
  name: "assisted-evacuate",
  start: {
    untilMs: 45_000,
    hosts: cloudSpec.parse({
      hosts: [
        { name: "host-1", fence: [{}], vms: [{ name: "db-1" }], ...sharing },
        { name: "host-2", vms: [], ...sharing },
        { name: "host-3", vms: [{ name: "web-3" }] },
      ],
    }).hosts,
    ...afterAllowing(
      ...[
        { do: "put-image", name: "bare", path: "/shared/bare.qcow2" },
        { do: "application", name: "shop", vms: ["db-1"] },
        { do: "choose", vm: "db-1", consent: "recreate" },
        { do: "made-from", made: "db-1", image: "bare" },
        { do: "manager-starts", vm: "db-1" },
      ].map((it) => ({ atMs: 1500, action: action.parse(it) })),
      { atMs: 5000, action: { do: "host-power-off", host: "host-1" } },
    ),
  },
  effect: assisted,
  moreMs: 0,
});
proveSteps({
  name: "evacuate and relocate, by the lease alone",
  start: {
    ...{ hosts: oneWayOut({ helper: true }), untilMs: 60_000 },
    ...afterAllowing({ atMs: 12_000, action: { do: "host-power-off", host: "host-1" } }),
  },
  moreMs: 120_000,
});
proveSteps({
  name: "relocate, from a host that lives",
  start: {
    untilMs: 150_000,
    hosts: [
      { name: "host-1", vms: [{ name: "web-1" }], ...sharing },
      { name: "host-2", vms: [], ...sharing },
    ],
    // Three repairs on its own host, and then one elsewhere.
    ...afterAllowing(
      ...[5000, 30_000, 70_000, 120_000].map((atMs) => ({ atMs, action: { do: "kill-qemu", vm: "web-1" } as const })),
    ),
  },
});
proveSteps({
  name: "maintenance",
  start: {
    untilMs: 30_000,
    hosts: [
      { name: "host-1", vms: [{ name: "web-1" }, { name: "web-2" }], ...sharing },
      { name: "host-2", vms: [], ...sharing },
    ],
    ...afterAllowing({ atMs: 5000, action: { do: "begin-maintenance", host: "host-1", parallel: 1 } }),
  },
  effect: / runs on \S+ now\.$/,
});
