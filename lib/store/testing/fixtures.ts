import type { DomainSight, EngineStore, NewIncident, ServiceStore } from "../../engine/ports.ts";
import type { Host, IdSource, Viewer, VmId } from "../../model/index.ts";
import { openStore, type Store } from "../open-store.ts";
import { seededIds } from "./seeded.ts";
import { type TestDatabase, testDatabase } from "./test-database.ts";

export interface StoreBench {
  readonly database: TestDatabase;
  readonly store: Store;
  readonly engine: EngineStore;
  readonly service: ServiceStore;
  readonly ids: IdSource;
  /** A person of the provider; nothing of theirs is in the database. */
  readonly admin: Viewer;
  close(): Promise<void>;
}

/** A store on a database of its own. */
export async function storeBench(seed = 1): Promise<StoreBench> {
  const database = await testDatabase();
  const ids = seededIds(seed);
  const store = await openStore({ databaseUrl: database.url, ids });
  return {
    ...{ database, store, engine: store.engine, service: store.service, ids },
    admin: { userId: null, name: "Ada", organizationId: ids.next("org"), role: "provider" },
    async close() {
      await store.close();
      await database.close();
    },
  };
}

export const sight = (name: string, more: Partial<DomainSight> = {}): DomainSight => ({
  uuid: `uuid-of-${name}`,
  name,
  state: "running",
  reason: "none",
  runId: 7,
  persistent: true,
  memoryMiB: 256,
  vcpus: 1,
  ...more,
});

export const enrol = (bench: StoreBench, name: string, at = 1000): Promise<Host> =>
  bench.service.enrolHost(
    {
      ...{ id: bench.ids.next("hst"), name, uri: `qemu+ssh://root@${name}/system`, hostKeySha256: "SHA256:x" },
      ...{ cpus: null, memoryMiB: null, libvirtVersion: null, qemuVersion: null, faultInjection: true },
      enrolledAt: at,
    },
    bench.admin,
    at,
  );

/** What libvirt says of a VM, as far as the store keeps it. */
export const definition = { xml: "<domain/>", diskPaths: ["/var/lib/vms/disk.qcow2"] } as const;

/** A VM that runs on a host of its own. */
export async function runningVm(bench: StoreBench, name: string) {
  const host = await enrol(bench, `host-of-${name}`);
  const vm = await bench.engine.adoptVm(host.id, sight(name), definition, "running", 2000);
  return { host, vm };
}

export const died = (vmId: VmId, more: Partial<NewIncident> = {}): NewIncident => ({
  vmId,
  ...{ layer: "vm", cause: "qemu-died", certainty: "certain", tp: 3000, tpSource: "event", td: 3010 },
  evidence: [{ at: 3000, source: "event", words: "The hypervisor said: stopped failed.", audience: "provider" }],
  words: "The VM's process died. It is started again.",
  plan: { technique: "revive-vm", words: "Start it again." },
  ...more,
});

/** A VM whose process died, with the repair that was planned. */
export async function failedVm(bench: StoreBench, name: string) {
  const { host, vm } = await runningVm(bench, name);
  const opened = await bench.engine.openIncident(died(vm.id));
  if (opened?.repairId === undefined) throw new Error("a first incident with a plan has a repair");
  return { host, vm, incidentId: opened.incidentId, repairId: opened.repairId };
}
