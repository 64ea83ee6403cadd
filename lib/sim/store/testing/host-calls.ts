import {
  type CloudPolicy,
  hostHealthNames,
  hostStandingNames,
  type IdSource,
  type Move,
  maintenanceStateNames,
  moveStates,
  type Viewer,
} from "../../../model/index.ts";
import type { Random } from "../../random.ts";
import type { Call, Store } from "./twins.ts";

interface Hands {
  readonly random: Random;
  readonly ids: IdSource;
  readonly by: Viewer;
  /** The twin that is asked what there is to call about. */
  readonly known: Store;
  any<T>(list: readonly T[]): T | undefined;
}

/** Draws the calls that are about hosts that fail: sensible often enough to get somewhere, and wrong often enough to be refused. */
export function hostCalls({ random, ids, by, known, any }: Hands) {
  const pick = random.pick;
  return async (now: number): Promise<Record<string, Call>> => {
    const hosts = await known.service.hosts();
    const host = any(hosts)?.id ?? ids.next("hst");
    const to = any(hosts)?.id ?? ids.next("hst");
    const allVms = await known.service.vms();
    const vm = any(allVms)?.id ?? ids.next("vm");
    const ownOnes = await known.engine.openHostIncidents();
    const own = any(ownOnes);
    const asked = ownOnes.find((it) => it.awaits !== null)?.id;
    const someIncident = any(await known.service.incidents({ limit: 30 }))?.id ?? ids.next("inc");
    const incident = own !== undefined && random.chance(0.8) ? own.id : someIncident;
    // The parts of one that has some, where there is one.
    const withParts = (await Promise.all(ownOnes.map((it) => known.engine.partsOf(it.id)))).filter(
      (it) => it.length > 0,
    );
    const parts = (random.chance(0.8) ? any(withParts) : undefined) ?? (await known.engine.partsOf(incident));
    const open = await known.engine.openRepairs();
    const repairs = await Promise.all(open.map((id) => known.engine.repairWork(id)));
    const ofVm = repairs.filter((it) => it.vm !== null);
    const relocating = ofVm.filter((it) => it.host.standing === "fenced");
    const repair = (any(relocating) ?? any(ofVm) ?? any(repairs))?.repair.id ?? any(open) ?? ids.next("rep");
    const device = any(await known.service.fenceDevices());
    const hook = any(await known.service.hooks());
    const maintenance = any(await known.service.maintenances())?.id ?? ids.next("mnt");
    const begun = { id: random.chance(0.9) ? ids.next("mnt") : maintenance, hostId: host, parallel: pick([1, 2]) };
    const fresh = { device: ids.next("fnc"), hook: ids.next("hok") };
    const yes = random.chance(0.5);
    const words = `So ${pick(["a", "b", "c"])}.`;
    const drained = pick(maintenanceStateNames);
    const health = pick(hostHealthNames);
    const standing = pick(hostStandingNames);
    const proof = yes ? ({ method: "power", at: now - 5, words } as const) : undefined;
    const plan = pick([
      { technique: "evacuate", words: "Make sure that it is off." },
      { technique: "evacuate", words: "Make sure that it is off." },
      { technique: "restart-libvirtd", words: "Start it again." },
      { refusal: "Not certain." },
      { ask: "Many hosts are lost: go on?" },
      { ask: "Many hosts are lost: go on?" },
    ] as const);
    const unharmed = hosts.filter((it) => !ownOnes.some((own) => own.hostId === it.id));
    const dying = (random.chance(0.9) ? any(unharmed)?.id : undefined) ?? host;
    const lost = allVms
      .filter((it) => it.hostId === dying || random.chance(0.05))
      .map((it) => ({ vmId: it.id, words: "Its host failed." }));
    const relocate = pick([
      { technique: "relocate", words: "Start it elsewhere." },
      { technique: "relocate", words: "Start it elsewhere." },
      { refusal: "No room." },
      { refusal: "Its owner does not allow it." },
    ] as const);
    const relocations = [
      ...parts.map((it) => ({ incidentId: it.incident.id, plan: relocate })),
      ...(random.chance(0.1) ? [{ incidentId: someIncident, plan: relocate }] : []),
    ];
    const helper = {
      ...{ version: pick(["1", "2"]), connected: yes, leaseMs: 8000 },
      ...({ watchdog: "hardware", watchdogMs: 5000, reportedAt: now } as const),
    };
    const move: Move = {
      ...{ vmId: vm, name: "it", toHostId: yes ? to : null, state: pick(moveStates) },
      ...{ phase: yes ? "copying memory" : null, percent: random.between(0, 100) },
      ...{ bytesDone: random.between(0, 9_000_000), bytesTotal: 9_000_000_000, words: yes ? null : words },
    };
    const policy: Partial<CloudPolicy> = {
      stormPercent: pick([30, 40]),
      checkpointLeastMs: pick([1000, 8000]),
      ...(yes ? { leaseMs: pick([8000, 9000]) } : {}),
    };
    const setHost = pick([
      { rack: pick(["r1", "r2", null]) },
      { sharedPaths: pick([[], ["/vms"], ["/vms", "/more"]]) },
      { faultInjection: yes, rack: undefined },
      {},
    ]);
    const options = { ip: "198.18.0.1", password: pick(["one", "two"]) };
    const newDevice = {
      ...{ id: yes ? (device?.id ?? fresh.device) : fresh.device, hostId: host, position: pick([1, 2]) },
      ...{ agent: "fence_lab", options, timeoutMs: 5000 },
    };
    const newHook = {
      ...{ id: yes ? (hook?.id ?? fresh.hook) : fresh.hook, program: "tell", args: [pick(["a", "b"])] },
      ...({ cause: "qemu-died", timeoutMs: 1000, role: "beside", enabled: true } as const),
    };
    const misfits = random.chance(0.3) ? [] : [{ vmId: vm, words }];
    const choice = pick([
      { priority: random.between(0, 9) },
      { apart: pick(["web", null]) },
      { together: pick(["db", null]), rollbackIntolerant: yes },
    ]);

    const openOne: Call = ({ engine }) =>
      engine.openHostIncident({
        ...({
          hostId: dying,
          cause: "host-dead",
          certainty: "certain",
          tp: now - 900,
          tpSource: "scan",
          td: now,
        } as const),
        evidence: [{ at: now, source: "peer", words: "Nobody hears it.", audience: "all" }],
        ...{ words: "The host is dead.", plan, lost },
      });

    return {
      host: ({ engine }) => engine.host(host),
      vm: ({ engine }) => engine.vm(vm),
      allVms: ({ engine }) => engine.allVms(),
      changeChoice: ({ service }) => service.changeVm(vm, choice, by, now),
      recordHealth: ({ engine }) => engine.recordHealth(host, health, now),
      recordHelper: ({ engine }) => engine.recordHelper(host, yes ? helper : null, now),
      recordProtection: ({ engine }) => engine.recordProtection(host, { ok: yes, words }, now),
      recordTolerance: ({ engine }) => engine.recordTolerance([{ hostId: host, misfits }], now),
      recordStanding: ({ engine }) => engine.recordStanding(host, standing, yes ? words : null, now, proof),
      fence: ({ engine }) => engine.recordStanding(host, "fenced", words, now, { method: "lease", at: now, words }),
      fenceProof: ({ engine }) => engine.fenceProof(host),
      personSaysOff: ({ engine }) => engine.personSaysOff(incident),
      openHostIncident: openOne,
      openHostIncidentToo: openOne,
      openHostIncidents: ({ engine }) => engine.openHostIncidents(),
      hostDeathsSince: ({ engine }) => engine.hostDeathsSince(now - 500_000),
      planHostRepair: ({ engine }) =>
        engine.planHostRepair(incident, { technique: "evacuate", words: "Go on then." }, now),
      clearHostIncidentToo: ({ engine }) => engine.clearHostIncident(host, "It is back.", now),
      clearHostIncident: ({ engine }) => engine.clearHostIncident(own?.hostId ?? host, "It is back.", now),
      partsOf: ({ engine }) => engine.partsOf(incident),
      planRelocations: ({ engine }) => engine.planRelocations(relocations, now),
      planRelocationsToo: ({ engine }) => engine.planRelocations(relocations, now),
      claimVm: ({ engine }) => engine.claimVm(repair, to, false, now),
      claimReleased: ({ engine }) => engine.claimVm(repair, to, yes, now),
      recordMoved: ({ engine }) => engine.recordMoved(vm, to, "it was moved by hand.", now),
      recordMoving: ({ engine }) => engine.recordMoving(vm, yes ? to : null, now),
      hooks: ({ engine }) => engine.hooks(),
      openMaintenances: ({ engine }) => engine.openMaintenances(),
      maintenance: ({ engine }) => engine.maintenance(maintenance),
      recordMove: ({ engine }) => engine.recordMove(maintenance, move, now),
      recordMoveToo: ({ engine }) => engine.recordMove(maintenance, { ...move, state: "moving" }, now),
      recordMaintenance: ({ engine }) => engine.recordMaintenance(maintenance, drained, words, now),
      policy: ({ service }) => service.policy(),
      changePolicy: ({ service }) => service.changePolicy(policy, by, now),
      changeHost: ({ service }) => service.changeHost(host, setHost, by, now),
      putFenceDevice: ({ service }) => service.putFenceDevice(newDevice, by, now),
      removeFenceDevice: ({ service }) =>
        service.removeFenceDevice(yes ? fresh.device : (device?.id ?? fresh.device), by, now),
      recordFenceTest: ({ engine }) => engine.recordFenceTest(device?.id ?? fresh.device, { ok: yes, words }, now),
      fenceDevices: ({ engine }) => engine.fenceDevices(),
      putHook: ({ service }) => service.putHook(newHook, by, now),
      removeHook: ({ service }) => service.removeHook(yes ? fresh.hook : (hook?.id ?? fresh.hook), by, now),
      approve: ({ service }) => service.approve(yes ? incident : (asked ?? incident), by, now),
      sayOff: ({ service }) => service.sayOff(incident, by, now),
      beginMaintenance: ({ service }) => service.beginMaintenance(begun, by, now),
      endMaintenance: ({ service }) => service.endMaintenance(maintenance, by, now),
      maintenances: ({ service }) => service.maintenances(),
    };
  };
}
