import { expect, test } from "vitest";
import type { AllocationView } from "../../contract/index.ts";
import { createApi } from "../api/index.ts";
import { sayingHands, shop } from "../finish/testing/shop.ts";
import { memoryJournal } from "../journal/index.ts";
import { vmRecords } from "../provision/index.ts";
import { createWorkshop } from "../work/workshop.ts";
import type { ManagerIo } from "./io.ts";
import { planOf } from "./plan.ts";
import { bringUpAll } from "./up.ts";

const id = (n: number) => String(n).padStart(20, "0");

/** An application that is up: two VMs `db` and `web`, servers `page`, `data`, `cache`. */
async function world() {
  const description = shop();
  const journal = memoryJournal();
  const records = vmRecords(journal, description);
  const allocations = new Map<string, Record<string, unknown>>();
  const running = new Set<string>();
  const hands = sayingHands(() => {}, running);
  const workshop = createWorkshop({ ...{ description, directory: "", journal, records, hands, log() {} } });
  const change = (vm: string, to: Partial<AllocationView>) => allocations.set(vm, { ...allocations.get(vm), ...to });
  let made = 0;
  async function make({ name, memoryMiB }: { name: string; memoryMiB: number }) {
    made++;
    const address = `198.18.0.${made}`;
    const { life } = records.get(name);
    const allocationId = `alc_${id(made)}`;
    allocations.set(name, {
      ...{ id: allocationId, organizationId: `org_${id(1)}`, applicationId: `app_${id(1)}`, imageId: "img" },
      ...{ name, memoryMiB, vcpus: 1, apart: null, state: "running", address, vmId: `vm_${id(made)}` },
      ...{ imageId: `img_${id(1)}`, askedAt: 0, endedAt: null, words: "It runs." },
    });
    await records.put(name, { life: life + 1, allocationId, vmId: `vm_${id(made)}`, address });
  }
  for (const vm of description.vms) await make(vm);
  const work = {
    ...{ description, records, hands, workshop, warnings: [] },
    api: createApi("http://belay.test", "blk_x", async () => Response.json({ allocations: [...allocations.values()] })),
    imageIdOf: async () => `img_${id(1)}`,
    applicationId: async () => `app_${id(1)}`,
    provision: {
      async allocate(vm: { name: string; memoryMiB: number }) {
        if (allocations.get(vm.name)?.state !== "running") await make(vm);
        return { address: records.get(vm.name).address ?? "" };
      },
      free: async () => {},
      isThere: async () => true,
    },
  };
  const phases: string[] = [];
  const io: ManagerIo = {
    ...{ print() {}, ask: undefined, env: {}, cwd: "/", program: "belay-manager", failed() {} },
    signal: new AbortController().signal,
    board: {
      async phase(name, doing) {
        const result = await doing(() => {}).catch((error: unknown) => {
          phases.push(`${name} failed`);
          throw error;
        });
        return result;
      },
      line() {},
    },
  };
  await bringUpAll(work, io);
  const plan = async () => {
    const { data, next } = await planOf(work, io);
    const does = (list: unknown) => JSON.parse(JSON.stringify(list)).map((one: { does: string }) => one.does);
    return { vms: does(data.vms), servers: does(data.servers), next };
  };
  return { work, io, phases, running, change, plan, up: () => bringUpAll(work, io) };
}

test("where all is there nothing is planned", async () => {
  const it = await world();
  expect(await it.plan()).toMatchObject({ vms: ["keep", "keep"], servers: ["keep", "keep", "keep"] });
});

test("a VM that the provider has no longer is made by one `up`, and its servers with it; after that nothing is left", async () => {
  const it = await world();
  it.change("db", { state: "freed" });
  const { next, ...plan } = await it.plan();
  expect(plan).toEqual({ vms: ["make", "keep"], servers: ["deploy and start", "deploy and start", "configure"] });
  expect(next).toContain("up FILE");
  expect(await it.up()).toMatchObject({ ok: true, data: { made: ["db"], deployed: ["data", "cache", "page"] } });
  expect((await it.plan()).next).toContain("nothing");
});

test("other features are no promise of `up`: whoever wants them is told what makes the VM anew", async () => {
  const it = await world();
  it.change("web", { memoryMiB: 64 });
  expect(await it.plan()).toMatchObject({
    vms: ["keep", "changed"],
    next: expect.stringContaining("repair FILE web --technique rebuild-vm"),
  });
  expect((await it.up()).lines[0]).toContain("web has another memory");
});

test("a server that has stopped is started by `up`", async () => {
  const it = await world();
  it.running.delete("cache");
  expect((await it.plan()).servers).toEqual(["keep", "start", "keep"]);
});

test("servers that do not work are no success", async () => {
  const it = await world();
  const deaf = { ...it.work, hands: { ...it.work.hands, health: async () => ({ ok: false, words: "silent" }) } };
  expect(await bringUpAll(deaf, it.io)).toMatchObject({ ok: false });
  expect(it.phases).toEqual(["verify failed"]);
});
