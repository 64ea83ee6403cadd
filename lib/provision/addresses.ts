import type { GuestNetwork } from "../model/index.ts";

/** Arithmetic of IPv4 addresses as whole numbers. Pure. */
const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The number of a dotted address; undefined where it is none. */
export function addressNumber(address: string): number | undefined {
  const bytes = parts.exec(address)?.slice(1).map(Number);
  if (bytes === undefined || bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

export const addressText = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

interface Range {
  readonly from: number;
  readonly to: number;
  readonly gateway: number;
  /** First and last of the subnet: its own name, and its broadcast. */
  readonly first: number;
  readonly last: number;
}

/** The network in numbers, or why it cannot be one, in a sentence. */
function rangeOf(network: GuestNetwork): Range | string {
  const { prefixLength } = network;
  const from = addressNumber(network.from);
  const to = addressNumber(network.to);
  const gateway = addressNumber(network.gateway);
  if (from === undefined) return `${network.from} is no IPv4 address.`;
  if (to === undefined) return `${network.to} is no IPv4 address.`;
  if (gateway === undefined) return `${network.gateway} is no IPv4 address.`;
  if (!Number.isInteger(prefixLength) || prefixLength < 8 || prefixLength > 30)
    return `A prefix length of ${prefixLength} is not possible: it is between 8 and 30.`;
  const size = 2 ** (32 - prefixLength);
  const first = gateway - (gateway % size);
  const last = first + size - 1;
  if (from > to) return `${network.from} comes after ${network.to}.`;
  const outside = [from, to].find((address) => address < first || address > last);
  if (outside !== undefined)
    return `${addressText(outside)} is not in the subnet of the gateway, ${addressText(first)}/${prefixLength}.`;
  return { from, to, gateway, first, last };
}

/** Why this cannot be a network for guests, in a sentence; undefined where it can. */
export function networkFault(network: GuestNetwork): string | undefined {
  const range = rangeOf(network);
  if (typeof range === "string") return range;
  return addressesOf(network).next().done === true ? "There is no address in it that a VM could have." : undefined;
}

/** Its addresses that VMs may have, lowest first: without the gateway, the subnet's name and its broadcast. None of one that is faulty. */
export function* addressesOf(network: GuestNetwork): Generator<string, void> {
  const range = rangeOf(network);
  if (typeof range === "string") return;
  for (let address = range.from; address <= range.to; address++)
    if (address !== range.gateway && address !== range.first && address !== range.last) yield addressText(address);
}

/** The lowest address that nobody has; undefined where all are taken. */
export function freeAddress(network: GuestNetwork, taken: Iterable<string>): string | undefined {
  const used = new Set(taken);
  for (const address of addressesOf(network)) if (!used.has(address)) return address;
  return undefined;
}
