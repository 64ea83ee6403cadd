import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseSubnet,
  gatewayOf,
  givenAddresses,
  guestAddress,
  hostAddress,
  linkName,
  macAddress,
  subnetCount,
  subnetOf,
  toAddress,
  toNumber,
} from "./subnet.ts";

const index = fc.integer({ min: 0, max: subnetCount - 1 });

describe("a lab's place in 198.18.0.0/15", () => {
  it("names the ends of the range", () => {
    expect([subnetOf(0), gatewayOf(0), hostAddress(0, 1)]).toEqual(["198.18.0.0/22", "198.18.0.1", "198.18.0.11"]);
    expect([subnetOf(127), gatewayOf(127), guestAddress(127, 1)]).toEqual([
      "198.19.252.0/22",
      "198.19.252.1",
      "198.19.253.1",
    ]);
  });

  it("keeps every address inside its own subnet, and no two alike", () => {
    fc.assert(
      fc.property(index, (at) => {
        const hosts = Array.from({ length: 32 }, (_, host) => hostAddress(at, host + 1));
        const guests = Array.from({ length: 1024 }, (_, guest) => guestAddress(at, guest)).flatMap((one) => one ?? []);
        const given = Object.values(givenAddresses(at));
        const all = [gatewayOf(at), ...hosts, ...guests, ...given];
        const start = toNumber(subnetOf(at).split("/")[0] ?? "");
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((one) => toNumber(one) > start && toNumber(one) < start + 1023)).toBe(true);
        expect(guests).toHaveLength(384);
        expect(toNumber(given[0] ?? "")).toBe(toNumber(guests.at(-1) ?? "") + 1);
      }),
      { numRuns: 20 },
    );
  });

  it("reads back every address it writes", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => toNumber(toAddress(value)) === value));
  });

  it("gives interface names the kernel takes, and MAC addresses of its own to each", () => {
    expect(linkName(127, 32).length).toBeLessThanOrEqual(15);
    expect(macAddress(127, "guest", 767)).toBe("52:54:03:7f:02:ff");
    const cards = [
      macAddress(1, "host", 1),
      macAddress(1, "bridge", 1),
      macAddress(1, "guest", 1),
      macAddress(2, "guest", 1),
    ];
    expect(new Set(cards).size).toBe(4);
  });
});

describe("choosing a free subnet", () => {
  const route = (address: string, prefixLength: number) => ({ address, prefixLength });

  it("takes the first that nothing uses", () => {
    expect(chooseSubnet([], [], [])).toBe(0);
    expect(chooseSubnet([route("192.0.2.2", 24), route("0.0.0.0", 0)], ["lo", "eth0"], [])).toBe(0);
  });

  it.each([
    ["an address inside", [route("198.18.1.7", 32)], [], []],
    ["a smaller network inside", [route("198.18.3.0", 24)], [], []],
    ["a larger network around", [route("198.18.0.9", 21)], [], [1]],
    ["the bridge of another lab, still without address", [], ["bly0"], []],
    ["a lab that is down and kept", [], [], [0]],
  ])("leaves out what meets %s", (_, taken, links, reserved) => {
    const chosen = chooseSubnet(taken, links, reserved);
    expect(chosen).toBeGreaterThan(0);
  });

  it("lets a default route and a VPN's halves of the Internet pass, but not a route to the whole range", () => {
    expect(chooseSubnet([route("128.0.0.0", 1)], [], [])).toBe(0);
    expect(chooseSubnet([route("198.18.0.0", 15)], [], [])).toBeUndefined();
  });

  it("never chooses one that overlaps, and finds the last free one", () => {
    fc.assert(
      fc.property(index, (free) => {
        const taken = Array.from({ length: subnetCount }, (_, at) => at).filter((at) => at !== free);
        const gateways = taken.map((at) => route(gatewayOf(at), 22));
        return chooseSubnet(gateways, [], []) === free;
      }),
    );
  });
});
