import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { NotSure } from "../words.ts";
import { openStore } from "./store.ts";
import { gathered, isJust, memory, pageOf } from "./testing/captures.ts";
import { putInto } from "./testing/model.ts";
import { directoryForTest, seeds } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });
const key = Buffer.alloc(32, 5);
const secret = "<domain type='kvm'>"; // part of what every manifest's head holds

async function bytesOf(directory: string): Promise<Buffer> {
  const found: Buffer[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) found.push(await readFile(path.join(entry.parentPath, entry.name)));
  return Buffer.concat(found);
}
/** Pages that do not become smaller, so that what is stored could be recognised. */
const recognised = (bytes: Buffer, seed: number) => bytes.includes(Buffer.from(pageOf(seed)).subarray(0, 64));

test("pages, their hashes and what is known of the VM are nowhere in the files; equal pages are stored once within an organization only", async () => {
  const directory = await directoryForTest();
  const options = { directories: [directory], encryption: { key, organizations: ["org_a", "org_b"] } };
  let store = await openStore(options);
  const put = (id: string, vm: string, organization: string | null) =>
    putInto(store, id, vm, null, [{ volume: memory(900), pages: seeds(1, 600) }], organization);
  const first = await put("a1", "vm_1", "org_a");
  const same = await put("a2", "vm_2", "org_a");
  const other = await put("b1", "vm_3", "org_b");
  expect(same.storedRawBytes).toBeLessThan(first.storedRawBytes / 20);
  expect(other.storedRawBytes).toBe(first.storedRawBytes);
  expect(recognised(await bytesOf(directory), 7)).toBe(false);
  const open = await put("c1", "vm_4", "org_c"); // not encrypted: in nobody's domain but that of all such
  expect(open.storedRawBytes).toBeGreaterThan(first.storedRawBytes * 0.99);
  expect((await put("n1", "vm_5", null)).storedRawBytes).toBeLessThan(first.storedRawBytes / 20);
  await store.close();
  store = await openStore(options);
  for (const id of ["a1", "a2", "b1", "c1"]) {
    expect(isJust((await gathered(store.read(id, "memory/pc.ram"))).pages, seeds(1, 600))).toBe(true);
    expect(await store.verify(id)).toBe(true);
  }
  expect((await put("a3", "vm_1", "org_a")).storedRawBytes).toBeLessThan(first.storedRawBytes / 20);
  await store.close();
});

test("nothing of an encrypted store can be read in its files", async () => {
  const directory = await directoryForTest();
  const store = await openStore({ directories: [directory], encryption: { key, organizations: "all" } });
  await putInto(store, "a1", "vm_1", null, [{ volume: memory(900), pages: seeds(1, 10) }]);
  await store.close();
  const bytes = await bytesOf(directory);
  expect(bytes.includes(secret)).toBe(false);
  expect(recognised(bytes, 3)).toBe(false);
  expect(bytes.includes(key)).toBe(false);
});

test("once it is encrypted, nothing new builds on what lies in the clear, and of that nothing stays when it is dropped", async () => {
  const directory = await directoryForTest();
  const encryption = { key, organizations: ["org_a"] };
  const sent = [{ volume: memory(900), pages: seeds(1, 600) }];
  let store = await openStore({ directories: [directory] });
  await putInto(store, "plain", "vm_1", null, sent, "org_a");
  expect(await store.bears("plain", "org_a")).toBe(true);
  await store.close();
  store = await openStore({ directories: [directory], encryption });
  expect(await store.bears("plain", "org_a")).toBe(false);
  expect(await store.bears("plain", "org_b")).toBe(true);
  await expect(putInto(store, "next", "vm_1", "plain", [], "org_a")).rejects.toThrow("not kept by the key");
  await putInto(store, "next", "vm_1", null, sent, "org_a");
  expect(await store.bears("next", "org_a")).toBe(true);
  expect(await store.bears("next", "org_b")).toBe(false); // its owner is another one now
  await store.drop(["plain"]);
  await store.collect();
  await store.close();
  expect(recognised(await bytesOf(directory), 7)).toBe(false);
});

test("without its key, or with another, nothing is shown, taken for lost or freed", async () => {
  const directory = await directoryForTest();
  const right = { directories: [directory], encryption: { key, organizations: "all" as const } };
  let store = await openStore(right);
  await putInto(store, "a1", "vm_1", null, [{ volume: memory(900), pages: seeds(1, 600) }]);
  const { store: name } = await store.standing();
  await store.close();
  for (const encryption of [undefined, { key: Buffer.alloc(32, 6), organizations: "all" as const }]) {
    store = await openStore({ directories: [directory], encryption });
    expect(await store.list("vm_1")).toEqual([]);
    expect(await store.standing()).toEqual({ store: name, unsure: ["a1"], damaged: [] });
    await expect(store.get("a1")).rejects.toBeInstanceOf(NotSure);
    await expect(store.verify("a1")).rejects.toBeInstanceOf(NotSure);
    expect(await store.bears("a1", "org_b").catch(() => false)).toBe(false);
    await expect(store.collect()).rejects.toThrow("nothing is freed");
    if (encryption)
      await expect(putInto(store, "a2", "vm_1", null, [{ volume: memory(9), pages: seeds(1, 6) }])).rejects.toThrow(
        "key",
      );
    await store.close();
  }
  store = await openStore(right);
  expect(await store.standing()).toEqual({ store: name, unsure: [], damaged: [] });
  expect(isJust((await gathered(store.read("a1", "memory/pc.ram"))).pages, seeds(1, 600))).toBe(true);
  await store.close();
  const another = await openStore({ ...right, directories: [await directoryForTest()] });
  expect((await another.standing()).store).not.toBe(name);
  await another.close();
});
