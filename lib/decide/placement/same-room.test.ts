import { describe, expect, it } from "vitest";
import { defaultPolicy, type Host, type Vm } from "../../model/index.ts";
import { aHost, aVm, hostNumber } from "../testing/clouds.ts";
import { sameRoom } from "./same-room.ts";

const cloud = (over: { vm?: Partial<Vm>; host?: Partial<Host> } = {}) => ({
  policy: defaultPolicy,
  hosts: [aHost(1), aHost(2, over.host)],
  vms: [aVm(1, hostNumber(1)), aVm(2, hostNumber(1), over.vm)],
});

describe("what fits where", () => {
  it.each<[string, { vm?: Partial<Vm>; host?: Partial<Host> }]>([
    ["nothing changed", {}],
    ["a VM died that should run", { vm: { state: "stopped", reason: "failed", runId: null } }],
    ["a VM has a new run", { vm: { runId: 77, stateSince: 5 } }],
    ["a host says something else of its protection", { host: { protection: { ok: false, words: "no" } } }],
  ])("is the same: %s", (_what, over) => expect(sameRoom(cloud(), cloud(over))).toBe(true));

  it.each<[string, { vm?: Partial<Vm>; host?: Partial<Host> }]>([
    ["a VM was stopped by its owner", { vm: { wanted: "stopped", state: "stopped" } }],
    ["a VM moved", { vm: { hostId: hostNumber(2) } }],
    ["a VM is on its way", { vm: { movingTo: hostNumber(2) } }],
    ["a VM grew", { vm: { memoryMiB: 4096 } }],
    ["its owner allows less", { vm: { consent: "notify" } }],
    ["it has another group", { vm: { apart: "web" } }],
    ["its disk lies elsewhere", { vm: { diskPaths: ["/other/disk"] } }],
    ["a host is overdue", { host: { health: "yellow" } }],
    ["a host is in maintenance", { host: { standing: "maintenance" } }],
    ["a host has another rack", { host: { rack: "r9" } }],
    ["a host sees other files", { host: { sharedPaths: ["/elsewhere"] } }],
  ])("differs: %s", (_what, over) => expect(sameRoom(cloud(), cloud(over))).toBe(false));
});
