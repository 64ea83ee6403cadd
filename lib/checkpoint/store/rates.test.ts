import { expect, onTestFinished, test, vi } from "vitest";
import type { ByteStore } from "../words.ts";
import { keepStore } from "./keeper.ts";
import { directoryForTest, storeForTest } from "./testing/places.ts";
import { measure } from "./testing/rates.ts";

/** `BELAY_RATES_MIB=256` prints rates of this machine; without it only what does not hang on the machine is looked at. */
const mebibytes = Number(process.env.BELAY_RATES_MIB ?? 8);
vi.setConfig({ testTimeout: 60_000 + mebibytes * 1000 });

async function measured(name: string, store: ByteStore): Promise<void> {
  const found = await measure(store, name, mebibytes);
  if (process.env.BELAY_RATES_MIB) console.info(JSON.stringify({ [name]: found }));
  expect(found.storedPerChangedRaw).toBeLessThanOrEqual(1.1);
  expect(found.storedPerChanged).toBeLessThanOrEqual(0.7);
  expect(found.secondOfFirst).toBeLessThanOrEqual(0.12);
}

test("a twentieth of the pages changed takes little more than that, and less when it is compressed", async () =>
  measured("here", await storeForTest()));

test("encrypted it takes no more", async () =>
  measured("encrypted", await storeForTest({ encryption: { key: Buffer.alloc(32, 7), organizations: "all" } })));

test("over the socket too", async () => {
  const log = { info() {}, warn: console.error, error: console.error };
  const kept = keepStore({ directories: [await directoryForTest()] }, { log });
  onTestFinished(() => kept.stop());
  await measured("socket", kept.store);
});
