import { expect, test } from "vitest";
import { freeAddress, ipv4Number, ipv4Text } from "./addresses.ts";

test.each(["0.0.0.0", "198.18.0.1", "255.255.255.255"])("%s is the same address as a number", (address) => {
  expect(ipv4Text(ipv4Number(address))).toBe(address);
});

test.each([
  ["the first that nobody has", "198.18.0.10", "198.18.0.12", ["198.18.0.10"], "198.18.0.11"],
  ["not the gateway's", "198.18.0.1", "198.18.0.5", [], "198.18.0.2"],
  ["none where all are taken", "198.18.0.10", "198.18.0.11", ["198.18.0.10", "198.18.0.11"], undefined],
  ["not the subnet's own nor its broadcast", "198.18.0.255", "198.18.1.1", [], "198.18.1.1"],
])("%s", (_, from, to, taken, free) => {
  const network = { bridge: "br0", from, to, prefixLength: 24, gateway: "198.18.0.1" };
  expect(freeAddress(network, new Set(taken))).toBe(free);
});
