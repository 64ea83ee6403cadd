import { describe, expect, it } from "vitest";
import type { GuestNetwork } from "../model/index.ts";
import { addressesOf, addressNumber, addressText, freeAddress, networkFault } from "./addresses.ts";

const network = (more: Partial<GuestNetwork> = {}): GuestNetwork => ({
  bridge: "br0",
  from: "198.18.2.254",
  to: "198.18.3.2",
  prefixLength: 22,
  gateway: "198.18.0.1",
  ...more,
});

describe("addresses of a network for guests", () => {
  it("go over the ends of bytes, lowest first", () => {
    expect([...addressesOf(network())]).toEqual([
      "198.18.2.254",
      "198.18.2.255",
      "198.18.3.0",
      "198.18.3.1",
      "198.18.3.2",
    ]);
  });

  it("leave out the gateway, the subnet's name and its broadcast", () => {
    const small = network({ from: "10.0.0.0", to: "10.0.0.7", prefixLength: 29, gateway: "10.0.0.3" });
    expect([...addressesOf(small)]).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
  });

  it("are given lowest first, a freed one again, and none when all are taken", () => {
    expect(freeAddress(network(), [])).toBe("198.18.2.254");
    expect(freeAddress(network(), ["198.18.2.254", "198.18.3.0"])).toBe("198.18.2.255");
    expect(freeAddress(network(), addressesOf(network()))).toBeUndefined();
  });

  it.each([
    [{}, undefined],
    [{ from: "198.18.2" }, "198.18.2 is no IPv4 address."],
    [{ to: "198.18.2.256" }, "198.18.2.256 is no IPv4 address."],
    [{ gateway: "" }, " is no IPv4 address."],
    [{ prefixLength: 33 }, "A prefix length of 33 is not possible: it is between 8 and 30."],
    [{ from: "198.18.3.3" }, "198.18.3.3 comes after 198.18.3.2."],
    [{ to: "198.18.4.1" }, "198.18.4.1 is not in the subnet of the gateway, 198.18.0.0/22."],
    [{ from: "198.18.0.1", to: "198.18.0.1" }, "There is no address in it that a VM could have."],
  ])("%j: %s", (more, fault) => {
    expect(networkFault(network(more))).toBe(fault);
    if (fault !== undefined) expect([...addressesOf(network(more))]).toEqual([]);
  });

  it("are the same as number and as text", () => {
    for (const text of ["0.0.0.0", "127.0.0.1", "198.18.3.255", "255.255.255.255"])
      expect(addressText(addressNumber(text) ?? -1)).toBe(text);
  });
});
