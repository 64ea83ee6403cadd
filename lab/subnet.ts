/**
 * The lab's networks: /22 subnets inside 198.18.0.0/15 (RFC 2544, for benchmarks: nobody's LAN). Index 0 is 198.18.0.0/22,
 * index 127 is 198.19.252.0/22. Pure.
 */
export const subnetCount = 128;
export const prefixLength = 22;
export const maxHosts = 32;

export interface Cidr {
  /** Dotted IPv4 address. */
  address: string;
  prefixLength: number;
}

const base = toNumber("198.18.0.0");
const size = 2 ** (32 - prefixLength);

export function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

const start = (index: number) => base + index * size;

/** "198.18.68.0/22" */
export const subnetOf = (index: number) => `${toAddress(start(index))}/${prefixLength}`;
/** Address of the machine itself on the lab's bridge. */
export const gatewayOf = (index: number) => toAddress(start(index) + 1);
/** Host number 1 and up. */
export const hostAddress = (index: number, host: number) => toAddress(start(index) + 10 + host);
/** From here on addresses are for VMs that Belay makes. */
const givenFrom = 640;
/** Guest number 0 and up; undefined when there is no address left for another guest of the lab's own. */
export function guestAddress(index: number, guest: number): string | undefined {
  const offset = 256 + guest;
  return offset < givenFrom ? toAddress(start(index) + offset) : undefined;
}
/** The addresses that the lab gives to nobody, first and last. The subnet's very last is the broadcast address. */
export const givenAddresses = (index: number): { from: string; to: string } => ({
  from: toAddress(start(index) + givenFrom),
  to: toAddress(start(index) + size - 2),
});
/** Network interfaces of the machine that belong to this lab. At most 15 characters, the kernel's limit. */
export const bridgeName = (index: number) => `bly${index}`;
export const sinkName = (index: number) => `bly${index}void`;
export const linkName = (index: number, host: number) => `bly${index}h${host}`;

/** A locally administered MAC address that says which lab, kind and number it belongs to. */
export function macAddress(index: number, kind: "machine" | "host" | "bridge" | "guest", number: number): string {
  const kinds = { machine: 0, host: 1, bridge: 2, guest: 3 };
  return [0x52, 0x54, kinds[kind], index, number >> 8, number & 255]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(":");
}

function overlaps(index: number, other: Cidr): boolean {
  const from = toNumber(other.address) - (toNumber(other.address) % 2 ** (32 - other.prefixLength));
  const to = from + 2 ** (32 - other.prefixLength);
  return from < start(index) + size && start(index) < to;
}

/**
 * The first index whose subnet meets none of the machine's addresses and routes, and whose bridge name is not taken.
 * Routes wider than /15 (a default route, a VPN's halves of the Internet) are not in the way: ours is more specific.
 */
export function chooseSubnet(
  taken: readonly Cidr[],
  links: readonly string[],
  reserved: readonly number[],
): number | undefined {
  const near = taken.filter((cidr) => cidr.prefixLength >= 15);
  for (let index = 0; index < subnetCount; index++) {
    const free = !links.includes(bridgeName(index)) && !reserved.includes(index);
    if (free && !near.some((cidr) => overlaps(index, cidr))) return index;
  }
  return undefined;
}
