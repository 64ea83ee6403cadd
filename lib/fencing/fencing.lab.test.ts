import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labDown, labUp, readLab, setBmc } from "../../lab/index.ts";
import { type FenceDevice, idSource } from "../model/index.ts";
import { createFenceAgents } from "./index.ts";

/** The lab's power control, by the fence agents' interface, as any other agent. */

const name = "fa";
const ids = idSource(Date.now, Math.random);
const agents = createFenceAgents();
const device = (plug: string, timeoutMs = 20_000): FenceDevice => ({
  id: ids.next("fnc"),
  hostId: ids.next("hst"),
  position: 1,
  agent: path.resolve(import.meta.dirname, "../../lab/fence-belay-lab"),
  options: { plug, lab: name },
  timeoutMs,
  testedAt: null,
  ok: false,
  words: "",
});

beforeAll(() => labUp({ name, hosts: 1 }));
afterAll(() => labDown(name));

test("a host is switched off and on again, and its status is what is", async () => {
  const plug = device("host-1");
  expect(await agents.status(plug)).toBe("on");
  await agents.switch(plug, "off");
  await agents.switch(plug, "off"); // twice is once
  expect(await agents.status(plug)).toBe("off");
  expect((await readLab(name)).hosts[0]?.power).toBe("off");
  await agents.switch(plug, "on");
  expect(await agents.status(plug)).toBe("on");
});

test("a plug that is not there, and a switch in the dark, are failures", async () => {
  await expect(agents.status(device("host-9"))).rejects.toMatchObject({
    name: "FenceFailed",
    message: expect.stringContaining("host-9"),
  });
  await setBmc(name, "host-1", "dark");
  await expect(agents.status(device("host-1", 2_000))).rejects.toMatchObject({
    name: "FenceFailed",
    message: expect.stringContaining("within 2000 ms"),
  });
  await setBmc(name, "host-1", "lit");
  expect(await agents.status(device("host-1"))).toBe("on");
});
