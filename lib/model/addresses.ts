import type { GuestNetwork } from "./hosts.ts";

/** The address as one number, so that addresses can be counted. */
export const ipv4Number = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);

export const ipv4Text = (number: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");

/** The first address of the range that nobody has; undefined where none is left. Not the gateway's, the subnet's own, nor its broadcast. */
export function freeAddress(network: GuestNetwork, taken: ReadonlySet<string>): string | undefined {
  const size = 2 ** (32 - network.prefixLength);
  const last = ipv4Number(network.to);
  for (let at = ipv4Number(network.from); at <= last; at++) {
    const address = ipv4Text(at);
    const inSubnet = at % size;
    if (inSubnet !== 0 && inSubnet !== size - 1 && address !== network.gateway && !taken.has(address)) return address;
  }
  return undefined;
}
