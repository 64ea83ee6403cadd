/** Volumes of a real libvirt host, up and down, checked against the host's own eyes. */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downloadVolume, listDomains, uploadVolume, type wire } from "../index.ts";
import { labRig } from "../testing/lab-rig.ts";

const rig = labRig("lv-a");

describe("volumes", () => {
  const path = "/var/lib/libvirt/images/lv-pool";
  const sizeBytes = 3 * 1024 * 1024;
  let pool: wire.NonnullStoragePool;

  beforeAll(async () => {
    const xml = `<pool type='dir'><name>lv-pool</name><target><path>${path}</path></target></pool>`;
    pool = (await rig.connection.call("storage_pool_create_xml", { xml, flags: 1 })).pool;
  });
  afterAll(async () => {
    await rig.connection.call("storage_pool_destroy", { pool });
  });

  async function volume(name: string): Promise<wire.NonnullStorageVol> {
    // No allocation: what was never written is a hole.
    const size = `<capacity>${sizeBytes}</capacity><allocation>0</allocation>`;
    const xml = `<volume><name>${name}</name>${size}<target><format type='raw'/></target></volume>`;
    return (await rig.connection.call("storage_vol_create_xml", { pool, xml, flags: 0 })).vol;
  }
  const remove = (vol: wire.NonnullStorageVol) => rig.connection.call("storage_vol_delete", { vol, flags: 0 });

  it("go up and come down the same, to the host's own eyes as well", async () => {
    const vol = await volume("plain");
    const image = randomBytes(sizeBytes);
    await uploadVolume(rig.connection, vol, [image.subarray(0, 1_000_000), image.subarray(1_000_000)]);
    const sum = createHash("sha256").update(image).digest("hex");
    expect((await rig.onHost("sha256sum", vol.key)).split(" ")[0]).toBe(sum);
    const back = createHash("sha256");
    for await (const bytes of downloadVolume(rig.connection, vol)) back.update(bytes);
    expect(back.digest("hex")).toBe(sum);
    const part: Uint8Array[] = [];
    for await (const bytes of downloadVolume(rig.connection, vol, { offsetBytes: 4096n, lengthBytes: 100n }))
      part.push(bytes);
    expect(Buffer.concat(part).equals(image.subarray(4096, 4196))).toBe(true);
    await remove(vol);
  });

  it("come down sparse, their holes as holes, and go up so", async () => {
    const [from, to] = [await volume("sparse"), await volume("copy")];
    const block = randomBytes(65_536);
    await uploadVolume(rig.connection, from, [block], { offsetBytes: 1_048_576n });
    const sparse = 1;
    const range = { offset: 0n, length: 0n, flags: sparse };
    const down = await rig.connection.stream("storage_vol_download", { vol: from, ...range });
    const up = await rig.connection.stream("storage_vol_upload", { vol: to, ...range });
    let holeBytes = 0n;
    let dataBytes = 0;
    for await (const item of down) {
      if (item.kind === "data") {
        dataBytes += item.bytes.length;
        await up.write(item.bytes);
      } else {
        holeBytes += item.lengthBytes;
        await up.writeHole(item.lengthBytes);
      }
    }
    await up.finish();
    expect(holeBytes + BigInt(dataBytes)).toBe(BigInt(sizeBytes));
    expect(holeBytes).toBeGreaterThanOrEqual(2_000_000n);
    expect(await rig.onHost("cmp", from.key, to.key)).toBe("");
    await remove(from);
    await remove(to);
  });

  it("left half-way leave the connection in order", async () => {
    const vol = await volume("half");
    const broken = (function* () {
      yield randomBytes(500_000);
      throw new Error("the source broke");
    })();
    await expect(uploadVolume(rig.connection, vol, broken)).rejects.toThrow("the source broke");
    for await (const bytes of downloadVolume(rig.connection, vol)) {
      expect(bytes.length).toBeGreaterThan(0);
      break;
    }
    const tooFar = uploadVolume(rig.connection, vol, [randomBytes(10)], { offsetBytes: BigInt(sizeBytes) * 2n });
    await tooFar.catch(() => undefined);
    expect((await listDomains(rig.connection)).length).toBe(1);
    await remove(vol);
  });
});
