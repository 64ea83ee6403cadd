import { expect, test } from "vitest";
import { sayingHands, shop } from "../finish/testing/shop.ts";
import { memoryJournal } from "../journal/index.ts";
import {
  type Act,
  type Elsewhere,
  type HandsContext,
  ManagerError,
  type ServerHands,
  type VmHands,
} from "../servers.ts";
import { createTechniques } from "./hands.ts";

const act: Act = { signal: new AbortController().signal, progress() {} };

/** `data` is stateful, on the VM `db`; `answers`: what is said of it each time it is asked about. */
function world(answers: readonly Elsewhere["by"][], { works = true, hasDisk = true, noRoomFor = "" } = {}) {
  const description = shop();
  const did: string[] = [];
  const said = [...answers];
  const hands: ServerHands = {
    ...sayingHands((what) => void did.push(what), new Set(works ? ["data"] : [])),
    async elsewhere({ name }, leaving) {
      did.push(`ask where ${name}'s data are without ${leaving}`);
      return { by: said.shift() ?? "nobody", words: "so it is." };
    },
  };
  const vms: VmHands = {
    hasDisk: async () => hasDisk,
    free: async ({ name }) => void did.push(`free ${name}`),
    async allocate({ name }) {
      if (name === noRoomFor)
        throw new ManagerError({ code: "allocation-failed", message: `There is no room for ${name}.` });
      await new Promise(setImmediate);
      did.push(`allocate ${name}`);
      return { address: "198.18.0.1" };
    },
    finish: async (specs) => void did.push(`finish ${specs.map(({ name }) => name)}`),
  };
  const addresses = { of: () => "198.18.0.1", generationOf: () => 1 };
  const context: HandsContext = {
    ...{ description, directory: "", stateDir: "", addresses, notes: memoryJournal(), secretOf: () => "", log() {} },
    ssh: { user: "root", port: 22, privateKey: "" },
  };
  const techniques = createTechniques({ ...context, hands, vms });
  const rebuild = () => techniques.rebuildMany(description.vms, act);
  return { did, rebuild, freed: () => did.some((what) => what.startsWith("free")) };
}

test("a VM is not given back while data are on its disk alone; the others are made anew", async () => {
  const it = world(["nobody", "nobody"], { works: false });
  await expect(it.rebuild()).rejects.toMatchObject({
    code: "dataNowhereElse",
    vms: ["db"],
    cure: expect.stringContaining("`save`"),
  });
  const asked = "ask where data's data are without db,web";
  expect(it.did).toEqual([asked, asked, "free web", "allocate web", "finish web"]);
});

test("a mirror has them: no save is waited for", async () => {
  const it = world(["mirror"]);
  await it.rebuild();
  expect(it.did).not.toContain("save data");
  expect(it.freed()).toBe(true);
});

test("they come back from a save: another one is made while it still can", async () => {
  const it = world(["save", "save"]);
  await it.rebuild();
  expect(it.did.indexOf("save data")).toBeLessThan(it.did.indexOf("free db"));
  const first = world(["nobody", "save"]);
  await first.rebuild();
  expect(first.freed()).toBe(true);
});

test("a dead server's last save is enough", async () => {
  const it = world(["save", "save"], { works: false });
  await it.rebuild();
  expect(it.did).not.toContain("save data");
  expect(it.freed()).toBe(true);
});

test("where the disk is gone already nothing is asked: what was cut off goes on", async () => {
  const it = world([], { hasDisk: false });
  await it.rebuild();
  expect(it.did).toEqual(expect.arrayContaining(["allocate db", "allocate web", "finish db,web"]));
});

test("where one cannot be made, the others are made to their end, and what failed is said", async () => {
  const it = world(["mirror"], { noRoomFor: "db" });
  await expect(it.rebuild()).rejects.toMatchObject({ code: "allocation-failed", vms: ["db"] });
  expect(it.did.slice(-2)).toEqual(["allocate web", "finish web"]);
  const both = world(["nobody", "nobody"], { works: false, noRoomFor: "web" });
  await expect(both.rebuild()).rejects.toMatchObject({
    vms: ["db", "web"],
    message: expect.stringMatching(/^db is not given back.*There is no room for web\.$/),
  });
});
