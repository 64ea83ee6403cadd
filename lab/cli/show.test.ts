import { describe, expect, it } from "vitest";
import type { LabState } from "../index.ts";
import { guestTable, hostOf, labTable, table } from "./show.ts";

const host = {
  address: "198.18.0.11",
  hostKeySha256: "SHA256:x",
  link: "up",
  control: "open",
  bmc: "lit",
  uri: "qemu+ssh://root@198.18.0.11/system",
} as const;
const wanted = { link: "up", control: "open", bmc: "lit" } as const;
const lab: LabState = {
  name: "belay",
  subnet: "198.18.0.0/22",
  gateway: "198.18.0.1",
  bridge: "bly0",
  identityFile: "/key",
  kvm: false,
  hosts: [
    { ...host, name: "host-1", power: "on", wanted: { ...wanted, power: "on" } },
    { ...host, name: "host-2", power: "off", wanted: { ...wanted, power: "off" } },
    { ...host, name: "host-3", power: "off", wanted: { ...wanted, power: "on" } },
  ],
};

describe("what the commands print", () => {
  it("lines columns up without trailing blanks", () => {
    expect(table(["a", "long"], [["wide", "x"]])).toBe("a     long\nwide  x");
  });

  it("tells a host switched off on purpose from one that died", () => {
    const lines = labTable(lab).split("\n");
    expect(lines[0]).toBe("lab belay: 198.18.0.0/22 on bly0, emulation");
    expect(lines[3]).toMatch(/^host-2 .* off +up/);
    expect(lines[4]).toMatch(/^host-3 .* off \(died\) +up/);
  });

  it("names what was done to a host besides", () => {
    const [first, ...rest] = lab.hosts;
    if (!first) return expect.fail();
    const dark = { ...lab, hosts: [{ ...first, control: "isolated", bmc: "dark" } as const, ...rest] };
    expect(labTable(dark).split("\n")[2]).toMatch(/SHA256:x +isolated from this machine, BMC dark$/);
  });

  it("names the hosts there are when asked for one there is not", () => {
    expect(hostOf(lab, "host-1").power).toBe("on");
    expect(() => hostOf(lab, "host-9")).toThrow('has no host "host-9"');
  });

  it("says where each guest is now", () => {
    const guest = {
      name: "web-1",
      uuid: "u",
      address: "198.18.1.1",
      host: "host-1",
      memoryMiB: 256,
      disk: "shared",
    } as const;
    expect(guestTable([])).toBe("no guests");
    expect(guestTable([{ ...guest, seen: [{ host: "host-2", state: "running" }] }])).toContain("running on host-2");
    expect(guestTable([{ ...guest, seen: [] }])).toContain("its host is off");
  });
});
