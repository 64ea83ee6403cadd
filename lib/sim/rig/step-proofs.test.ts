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
