import { BlockList, isIP, isIPv4 } from "node:net";

/**
 * Which addresses Belay may call for a customer. A request leaves from the provider's network, so a customer must not aim it at what only
 * the provider reaches: IANA's special-purpose registries (RFC 6890), and the provider's own networks.
 */

const forbidden: readonly (readonly [network: string, words: string])[] = [
  ["0.0.0.0/8", "it means this host"],
  ["10.0.0.0/8", "it is of a private network"],
  ["100.64.0.0/10", "it is of a carrier's private network"],
  ["127.0.0.0/8", "it is a loopback address"],
  ["169.254.0.0/16", "it is link-local"],
  ["172.16.0.0/12", "it is of a private network"],
  ["192.0.0.0/24", "it is kept for protocols"],
  ["192.0.2.0/24", "it is for documentation"],
  ["192.88.99.0/24", "it is of a relay of other networks"],
  ["192.168.0.0/16", "it is of a private network"],
  ["198.18.0.0/15", "it is of a network for benchmarks"],
  ["198.51.100.0/24", "it is for documentation"],
  ["203.0.113.0/24", "it is for documentation"],
  ["224.0.0.0/4", "it is a multicast address"],
  ["240.0.0.0/4", "it is reserved"],
  ["::/128", "it means this host"],
  ["::1/128", "it is a loopback address"],
  ["fc00::/7", "it is of a private network"],
  ["fe80::/10", "it is link-local"],
  ["fec0::/10", "it is site-local"],
  ["ff00::/8", "it is a multicast address"],
  ["2001::/23", "it is kept for protocols"],
  ["2001:db8::/32", "it is for documentation"],
  ["2002::/16", "it is of a relay of other networks"],
  ["3fff::/20", "it is for documentation"],
];

interface Network {
  readonly words: string;
  holds(address: string): boolean;
}

const familyOf = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6");

/** One network, as `10.0.0.0/8`; an address alone is a network of one. What is no network holds nothing. */
function networkOf(cidr: string, words: string): Network {
  const [base = "", length] = cidr.split("/");
  const list = new BlockList();
  const isV4 = isIPv4(base);
  const most = isV4 ? 32 : 128;
  const prefix = length === undefined ? most : Number(length);
  if (isIP(base) !== 0 && Number.isInteger(prefix) && prefix >= 0 && prefix <= most)
    list.addSubnet(base, prefix, familyOf(base));
  // node's list also finds an IPv4 address in IPv6 networks by its mapped form: a family is only asked for its own.
  return { words, holds: (address) => isIPv4(address) === isV4 && list.check(address, familyOf(address)) };
}

const special = forbidden.map(([cidr, words]) => networkOf(cidr, words));
/** What the world's registries give out. All else of IPv6 is something special: mapped and translated IPv4, for one. */
const worldV6 = networkOf("2000::/3", "");

/** IPv4 in the clothes of IPv6, as `::ffff:127.0.0.1` and `64:ff9b::7f00:1`: the URL and the resolver hand both out. */
const isDressedV4 = (address: string) =>
  !isIPv4(address) && (dressed.holds(address) || translated.holds(address) || compatible.holds(address));
const dressed = networkOf("::ffff:0:0/96", "");
const translated = networkOf("64:ff9b::/32", "");
const compatible = networkOf("::/96", "");

export interface AddressRules {
  /** Networks that the provider allows by name, whatever else holds. */
  readonly allowed: readonly string[];
  /** The provider's own networks, public ones too. */
  readonly own: readonly string[];
}

export type Verdict =
  /** `byName`: the provider allowed its network; plain HTTP may be spoken there. */
  { readonly ok: true; readonly byName: boolean } | { readonly ok: false; readonly words: string };

/** Whether Belay may call this address. `address` is an IP address as the resolver gives it. */
export function judgeAddress(address: string, { allowed, own }: AddressRules): Verdict {
  if (isIP(address) === 0) return { ok: false, words: "it is no address" };
  const bare = address.split("%")[0] ?? address; // a zone, as in fe80::1%eth0
  if (allowed.some((cidr) => networkOf(cidr, "").holds(bare))) return { ok: true, byName: true };
  const hit = special.find((network) => network.holds(bare));
  if (hit !== undefined) return { ok: false, words: hit.words };
  if (isDressedV4(bare)) return { ok: false, words: "it is an IPv4 address in IPv6's form" };
  if (!isIPv4(bare) && !worldV6.holds(bare)) return { ok: false, words: "it is no address of the world's networks" };
  if (own.some((cidr) => networkOf(cidr, "").holds(bare)))
    return { ok: false, words: "it is of the provider's own network" };
  return { ok: true, byName: false };
}
