import type { NonnullDomain } from "../protocol/generated/types.ts";

/** Names a domain to libvirt, which looks at the UUID. What `listDomains` and events give can be handed on as it is. */
export interface DomainKey {
  readonly uuid: string;
  readonly name?: string;
  readonly id?: number;
}

export function wireDomain({ uuid, name = "", id = -1 }: DomainKey): NonnullDomain {
  return { name, uuid, id };
}

/** Sum of the bits whose names are true in `flags`. */
export function flagBits<B extends Readonly<Record<string, number>>>(
  bits: B,
  flags: { readonly [F in keyof B]?: boolean | undefined },
): number {
  let sum = 0;
  for (const [name, bit] of Object.entries(bits)) if (flags[name]) sum += bit;
  return sum;
}
