import { expect, test } from "vitest";
import { watchedCloud } from "./testing.ts";

test("nobody looks further than the key until a person has approved it", async () => {
  const { cloud, host, settled } = await watchedCloud();
  const first = await settled(cloud.examiner.examine(host.uri, undefined));
  expect(first).toMatchObject({ ready: false, hostName: null, facts: null, checks: [{ name: "host-key", ok: false }] });
  const wrong = await settled(cloud.examiner.examine(host.uri, "SHA256:other"));
  expect(wrong).toMatchObject({ ready: false, hostKeySha256: host.hostKeySha256 });
  const ready = await settled(cloud.examiner.examine(host.uri, host.hostKeySha256));
  expect(ready).toMatchObject({ ready: true, hostName: "host-1", facts: { cpus: 8 } });
});

test("what is missing is named with its cure", async () => {
  const { cloud, host, settled } = await watchedCloud();
  cloud.befall({ do: "libvirtd-dies", host: "host-1" });
  const lacking = await settled(cloud.examiner.examine(host.uri, host.hostKeySha256));
  expect(lacking).toMatchObject({ ready: false, facts: null });
  expect(lacking).toHaveProperty("checks.2", expect.objectContaining({ name: "libvirtd", ok: false }));
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await settled(cloud.examiner.examine(host.uri, undefined))).toMatchObject({ code: "host-unreachable" });
  expect(await settled(cloud.examiner.examine("simulated://nowhere", undefined))).toMatchObject({
    code: "host-unreachable",
    cure: expect.stringContaining("simulated://host-2"),
  });
});
