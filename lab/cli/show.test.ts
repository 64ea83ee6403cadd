import { describe, expect, it } from "vitest";
import type { LabHost, LabState } from "../index.ts";
import { guestTable, hostOf, labTable, table } from "./show.ts";

const host = {
  address: "198.18.0.11",
  hostKeySha256: "SHA256:x",
  link: "up",
  control: "open",
  bmc: "lit",
  watchdog: "idle",
  libvirtd: "on",
  offBecause: null,
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
    { ...host, name: "host-2", power: "off", offBecause: "asked", wanted: { ...wanted, power: "off" } },
    { ...host, name: "host-3", power: "off", offBecause: "died", wanted: { ...wanted, power: "on" } },
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

  it("says what else there is to know of a host", () => {
    const [first, ...rest] = lab.hosts;
    if (!first) return expect.fail();
    const line = (change: Partial<LabHost>) =>
      labTable({ ...lab, hosts: [{ ...first, ...change }, ...rest] }).split("\n")[2];
    expect(line({})).toMatch(/SHA256:x$/);
    expect(line({ control: "isolated", bmc: "dark" })).toMatch(/SHA256:x +isolated from this machine, BMC dark$/);
    expect(line({ libvirtd: "off", watchdog: "armed" })).toMatch(/ libvirtd dead, watchdog armed$/);
    expect(line({ power: "off", libvirtd: "off", offBecause: "watchdog" })).toMatch(
      / off \(reset by its watchdog\) .*SHA256:x$/,
    );
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
