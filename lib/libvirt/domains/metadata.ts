import type { Connection } from "../connection.ts";
import { isNoMetadata } from "../libvirt-error.ts";
import { type MetadataType, metadataTypes } from "../protocol/domain-names.ts";
import type { CallOptions } from "../session/session.ts";
import { type DomainKey, flagBits, wireDomain } from "./keys.ts";

/** Which copy: neither means the running one, or the kept one of a domain that does not run. */
const impactBits = { live: 1, config: 2 };

export type MetadataOptions = CallOptions & { readonly live?: boolean; readonly config?: boolean };

/** A domain's title, description, or one XML element of `uri`'s own. */
export type MetadataKey =
  | { readonly type: "title" | "description" }
  | { readonly type: "element"; readonly uri: string; readonly prefix: string };

const typeNumber = (type: MetadataType) => metadataTypes.indexOf(type);

/** undefined where there is none. */
export async function readMetadata(
  connection: Connection,
  domain: DomainKey,
  key: { readonly type: "title" | "description" } | { readonly type: "element"; readonly uri: string },
  options: MetadataOptions = {},
): Promise<string | undefined> {
  const uri = key.type === "element" ? key.uri : null;
  const args = { dom: wireDomain(domain), type: typeNumber(key.type), uri, flags: flagBits(impactBits, options) };
  try {
    return (await connection.call("domain_get_metadata", args, options)).metadata;
  } catch (error) {
    if (isNoMetadata(error)) return undefined;
    throw error;
  }
}

/** `undefined` removes it. An element is given without a namespace prefix: libvirt adds `prefix` and `uri` itself. */
export async function writeMetadata(
  connection: Connection,
  domain: DomainKey,
  key: MetadataKey,
  value: string | undefined,
  options: MetadataOptions = {},
): Promise<void> {
  const ofElement = key.type === "element" ? { key: key.prefix, uri: key.uri } : { key: null, uri: null };
  const flags = flagBits(impactBits, options);
  const args = { dom: wireDomain(domain), type: typeNumber(key.type), metadata: value ?? null, ...ofElement, flags };
  await connection.call("domain_set_metadata", args, options);
}
