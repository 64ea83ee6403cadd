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

const sharing = { sharedPaths: ["/shared"] };
proveSteps({
  name: "maintenance",
  start: {
    ...{ engine: {}, diskLocks: true, seed: 1, untilMs: 30_000 },
    hosts: [
      { name: "host-1", vms: [{ name: "web-1" }, { name: "web-2" }], ...sharing },
      { name: "host-2", vms: [], ...sharing },
    ],
    steps: [
      { atMs: 0, action: { do: "belay-starts" } },
      { atMs: 1000, action: { do: "choose", vm: "*", consent: "relocate" } },
      { atMs: 5000, action: { do: "begin-maintenance", host: "host-1", parallel: 1 } },
    ],
  },
  effect: / runs on \S+ now\.$/,
});
