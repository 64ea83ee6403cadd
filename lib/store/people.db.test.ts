import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { change } from "../contract/index.ts";
import { defaultAgreement, type OrganizationId, type Vm } from "../model/index.ts";
import { died, enrol, failedVm, runningVm, type StoreBench, storeBench } from "./testing/fixtures.ts";

let bench: StoreBench;
let audit: pg.Client;
beforeAll(async () => {
  bench = await storeBench();
  audit = new pg.Client({ connectionString: bench.database.url });
  await audit.connect();
});
afterAll(async () => {
  await audit.end();
  await bench.close();
});

const auditOf = async (subject: string) =>
  (
    await audit.query("SELECT action, viewer_name, role, at, details FROM audit WHERE subject = $1 ORDER BY id", [
      subject,
    ])
  ).rows;
const newEvents = async (work: () => Promise<unknown>) => {
  const before = await bench.store.feed.lastSeq();
  await work();
  return (await bench.store.feed.after(before, 1000)).map((event) => event.change);
};

async function customer(name: string) {
  const organization = await bench.service.createOrganization(
    { id: bench.ids.next("org"), name, role: "customer" },
    bench.admin,
    100,
  );
  const application = await bench.service.createApplication(
    {
      id: bench.ids.next("app"),
      organizationId: organization.id,
      name: `${name}'s shop`,
      mode: "provider",
      checkpointEveryMs: null,
      agreement: defaultAgreement,
    },
    bench.admin,
    200,
  );
  return { organization, application };
}

describe("organizations and applications", () => {
  test("are made once, told and audited", async () => {
    const { organization, application } = await customer("Aster");
    const changes = await newEvents(async () => {
      await bench.service.createOrganization(organization, bench.admin, 300);
      await bench.service.createApplication(application, bench.admin, 300);
    });
    expect(changes).toEqual([]);
    expect(await auditOf(organization.id)).toMatchObject([
      { action: "organization.create", viewer_name: "Ada", role: "provider", at: new Date(100) },
    ]);
    expect(await auditOf(application.id)).toMatchObject([{ action: "application.create" }]);
    const nobodys = {
      id: bench.ids.next("app"),
      organizationId: bench.ids.next("org"),
      name: "x",
      mode: "none",
      checkpointEveryMs: null,
      agreement: defaultAgreement,
    } as const;
    await expect(bench.service.createApplication(nobodys, bench.admin, 1)).rejects.toMatchObject({ code: "not-found" });
  });

  test("a change of protection is what the engine reads for its VMs", async () => {
    const { application } = await customer("Birch");
    const { vm } = await runningVm(bench, "mode");
    expect(await bench.engine.modeOf(vm.id)).toBe("provider");
    await bench.service.changeVm(vm.id, { applicationId: application.id }, bench.admin, 2100);
    await bench.service.changeApplication(application.id, { mode: "none" }, bench.admin, 2200);
    expect(
      await newEvents(() => bench.service.changeApplication(application.id, { mode: "none" }, bench.admin, 2300)),
    ).toEqual([]);
    expect(await bench.engine.modeOf(vm.id)).toBe("none");
    expect(await auditOf(application.id)).toMatchObject([
      { action: "application.create" },
      { action: "application.change", details: { from: "provider", to: "none" } },
    ]);
  });
});

describe("a VM's owner", () => {
  const expectOwner = async (vm: Vm, organizationId: OrganizationId | null) =>
    expect((await bench.service.vm(vm.id))?.organizationId).toBe(organizationId);

  test("is the application's organization; who had the VM before hears first that it is gone", async () => {
    const cedar = await customer("Cedar");
    const dahlia = await customer("Dahlia");
    const { vm } = await runningVm(bench, "owned");
    const given = await newEvents(() =>
      bench.service.changeVm(vm.id, { applicationId: cedar.application.id }, bench.admin, 2100),
    );
    expect(given).toMatchObject([{ kind: "vm.changed", vm: { organizationId: cedar.organization.id } }]);
    const moved = await newEvents(() =>
      bench.service.changeVm(vm.id, { applicationId: dahlia.application.id }, bench.admin, 2200),
    );
    expect(moved).toMatchObject([
      { kind: "vm.removed", vmId: vm.id, organizationId: cedar.organization.id },
      { kind: "vm.changed", vm: { organizationId: dahlia.organization.id, applicationId: dahlia.application.id } },
    ]);
    const taken = await newEvents(() => bench.service.changeVm(vm.id, { organizationId: null }, bench.admin, 2300));
    expect(taken).toMatchObject([
      { kind: "vm.removed", organizationId: dahlia.organization.id },
      { kind: "vm.changed", vm: { organizationId: null, applicationId: null } },
    ]);
    await expectOwner(vm, null);
    expect(await auditOf(vm.id)).toHaveLength(3);
  });

  test("cannot be another than the application's", async () => {
    const elm = await customer("Elm");
    const fern = await customer("Fern");
    const { vm } = await runningVm(bench, "torn");
    const wish = { applicationId: elm.application.id, organizationId: fern.organization.id };
    await expect(bench.service.changeVm(vm.id, wish, bench.admin, 2100)).rejects.toMatchObject({
      code: "bad-input",
      field: "organizationId",
    });
    await expectOwner(vm, null);
    expect(await auditOf(vm.id)).toEqual([]);
  });

  test("gets the open incident too; ended ones stay with whom they happened to", async () => {
    const { organization } = await customer("Ginkgo");
    const { vm, incidentId, repairId } = await failedVm(bench, "moving");
    const end = { state: "not-needed", incident: "cleared", words: "It was well.", tr: null } as const;
    await bench.engine.endRepair(repairId, end, 3100);
    const second = await bench.engine.openIncident(died(vm.id));
    const changes = await newEvents(() =>
      bench.service.changeVm(vm.id, { organizationId: organization.id }, bench.admin, 3200),
    );
    expect(changes).toMatchObject([
      { kind: "vm.changed" },
      { kind: "incident.changed", incident: { id: second?.incidentId, organizationId: organization.id } },
    ]);
    expect((await bench.service.incident(incidentId))?.organizationId).toBeNull();
    const theirs = await bench.service.incidents({ limit: 10, organizationId: organization.id });
    expect(theirs.map((incident) => incident.id)).toEqual([second?.incidentId]);
  });

  test("says how it is asked and what may be done; the same again writes nothing", async () => {
    const { vm } = await runningVm(bench, "settings");
    const wish = {
      answerCheck: { kind: "tcp", address: "198.18.0.9", port: 80 },
      consent: "notify",
      wanted: "stopped",
    } as const;
    const changed = await bench.service.changeVm(vm.id, wish, bench.admin, 2100);
    expect(changed).toEqual({ ...vm, ...wish });
    expect(await newEvents(() => bench.service.changeVm(vm.id, wish, bench.admin, 2200))).toEqual([]);
    expect(await auditOf(vm.id)).toMatchObject([{ details: { consent: { from: "restart-vm", to: "notify" } } }]);
  });
});

describe("an intent", () => {
  test("is recorded once per key, carried out and ended once", async () => {
    const { vm, host } = await runningVm(bench, "victim");
    const wish = { kind: "kill-vm", vmId: vm.id, runId: 7, key: "k-1" } as const;
    const id = await bench.service.recordIntent(wish, bench.admin, 5000);
    expect(await bench.service.recordIntent(wish, bench.admin, 5001)).toBe(id);
    expect(await bench.service.intentByKey("k-1")).toEqual({ id, vmId: vm.id, runId: 7, wish: null });
    expect(await bench.service.intentByKey("k-2")).toBeUndefined();
    await expect(bench.service.recordIntent({ ...wish, runId: 8 }, bench.admin, 5002)).rejects.toMatchObject({
      code: "conflict",
      field: "Idempotency-Key",
    });
    expect(await auditOf(vm.id)).toMatchObject([{ action: "vm.kill", details: { intentId: id, runId: 7 } }]);
    const { name, uuid } = vm;
    const pending = { id, kind: "kill-vm", vmId: vm.id, hostId: host.id, uuid, name, runId: 7, at: 5000 };
    expect(await bench.engine.pendingIntents()).toEqual([pending]);
    expect(await bench.engine.injectedAt(vm.id, 0)).toBeUndefined();

    expect(await bench.engine.beginIntent(id, 5100)).toBe(true);
    expect(await bench.engine.beginIntent(id, 5200)).toBe(true);
    expect(await bench.engine.injectedAt(vm.id, 5100)).toBe(5100);
    expect(await bench.engine.injectedAt(vm.id, 5101)).toBeUndefined();
    expect(await bench.service.intentOutcome(id)).toMatchObject({ ended: false, ok: false });
    await bench.engine.endIntent(id, { ok: true, words: "Its process was killed." }, 5300);
    await bench.engine.endIntent(id, { ok: false, words: "late" }, 5400);
    expect(await bench.engine.beginIntent(id, 5500)).toBe(false);
    expect(await bench.service.intentOutcome(id)).toEqual({
      ...{ vmId: vm.id, kind: "kill-vm", ended: true, ok: true, words: "Its process was killed." },
    });
    expect(await bench.engine.pendingIntents()).toEqual([]);
  });

  test("that failed is no failure's time, and one that was never recorded is not found", async () => {
    const { vm } = await runningVm(bench, "spared");
    const wish = { kind: "kill-vm", vmId: vm.id, runId: 7, key: "k-3" } as const;
    const id = await bench.service.recordIntent(wish, bench.admin, 5000);
    await bench.engine.beginIntent(id, 5100);
    await bench.engine.endIntent(id, { ok: false, words: "It was another run." }, 5200);
    expect(await bench.engine.injectedAt(vm.id, 0)).toBeUndefined();
    await expect(bench.service.intentOutcome(bench.ids.next("int"))).rejects.toMatchObject({ code: "not-found" });
  });

  test("of ten requests with one key at the same time one is recorded", async () => {
    const { vm } = await runningVm(bench, "once");
    const wish = { kind: "kill-vm", vmId: vm.id, runId: 7, key: "k-4" } as const;
    const all = await Promise.all(
      Array.from({ length: 10 }, () => bench.service.recordIntent(wish, bench.admin, 5000)),
    );
    expect(new Set(all).size).toBe(1);
    expect(await auditOf(vm.id)).toHaveLength(1);
  });
});

test("every event so far is one that the contract knows, whole", async () => {
  await enrol(bench, "last");
  const events = await bench.store.feed.after(0, 10_000);
  const kinds = new Set<string>();
  for (const event of events) {
    const parsed = change.parse(event.change);
    expect(parsed).toEqual(event.change);
    kinds.add(parsed.kind);
  }
  expect([...kinds].sort()).toEqual([
    "application.changed",
    "host.changed",
    "incident.changed",
    "organization.changed",
    "vm.changed",
    "vm.removed",
  ]);
});
