import type { Connection } from "../connection.ts";
import type { DomainRef } from "../events/domain-events.ts";
import type { CallOptions } from "../session/session.ts";
import { type DomainKey, flagBits, wireDomain } from "./keys.ts";

/** Bits of libvirt-domain.h. */
const xmlBits = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 };
const startBits = { paused: 1, autodestroy: 2, bypassCache: 4, forceBoot: 8, validate: 16, resetNvram: 32 };
const destroyBits = { graceful: 1 };
const shutdownBits = { acpi: 1, agent: 2, initctl: 4, processSignal: 8, paravirt: 16 };
const undefineBits = {
  managedSave: 1,
  snapshotsMetadata: 2,
  nvram: 4,
  keepNvram: 8,
  checkpointsMetadata: 16,
  tpm: 32,
  keepTpm: 64,
};
const defineBits = { validate: 1 };

type Flags<T> = CallOptions & { readonly [F in keyof T]?: boolean };

/** The domain's XML; `inactive`: what the next start will use, `secure`: with secrets, `migratable`: without what this host added. */
export async function domainXml(
  connection: Connection,
  domain: DomainKey,
  options: Flags<typeof xmlBits> = {},
): Promise<string> {
  const flags = flagBits(xmlBits, options);
  return (await connection.call("domain_get_xml_desc", { dom: wireDomain(domain), flags }, options)).xml;
}

/** Starts a defined domain. Throws LibvirtError OPERATION_INVALID when it runs already. */
export async function startDomain(
  connection: Connection,
  domain: DomainKey,
  options: Flags<typeof startBits> = {},
): Promise<DomainRef> {
  const flags = flagBits(startBits, options);
  return (await connection.call("domain_create_with_flags", { dom: wireDomain(domain), flags }, options)).dom;
}

/** Starts a domain from XML alone: it is gone with its process, unless it was defined before. */
export async function createDomain(
  connection: Connection,
  xml: string,
  options: Flags<typeof startBits> = {},
): Promise<DomainRef> {
  const flags = flagBits(startBits, options);
  return (await connection.call("domain_create_xml", { xml_desc: xml, flags }, options)).dom;
}

/** Keeps a definition, or changes the kept one; starts nothing. */
export async function defineDomain(
  connection: Connection,
  xml: string,
  options: Flags<typeof defineBits> = {},
): Promise<DomainRef> {
  const flags = flagBits(defineBits, options);
  return (await connection.call("domain_define_xml_flags", { xml, flags }, options)).dom;
}

export async function undefineDomain(
  connection: Connection,
  domain: DomainKey,
  options: Flags<typeof undefineBits> = {},
): Promise<void> {
  const flags = flagBits(undefineBits, options);
  await connection.call("domain_undefine_flags", { dom: wireDomain(domain), flags }, options);
}

/** Pulls the plug: the process is killed, unless `graceful`, which gives up when it does not end by itself. */
export async function destroyDomain(
  connection: Connection,
  domain: DomainKey,
  options: Flags<typeof destroyBits> = {},
): Promise<void> {
  const flags = flagBits(destroyBits, options);
  await connection.call("domain_destroy_flags", { dom: wireDomain(domain), flags }, options);
}

/** Asks the guest to shut down; returns when it was asked, not when it is down. */
export async function shutdownDomain(
  connection: Connection,
  domain: DomainKey,
  options: Flags<typeof shutdownBits> = {},
): Promise<void> {
  const flags = flagBits(shutdownBits, options);
  await connection.call("domain_shutdown_flags", { dom: wireDomain(domain), flags }, options);
}

/** Presses the reset button: the same process, the guest begins anew. */
export async function resetDomain(connection: Connection, domain: DomainKey, options?: CallOptions): Promise<void> {
  await connection.call("domain_reset", { dom: wireDomain(domain), flags: 0 }, options);
}

/** Pauses the guest's processors. */
export async function suspendDomain(connection: Connection, domain: DomainKey, options?: CallOptions): Promise<void> {
  await connection.call("domain_suspend", { dom: wireDomain(domain) }, options);
}

export async function resumeDomain(connection: Connection, domain: DomainKey, options?: CallOptions): Promise<void> {
  await connection.call("domain_resume", { dom: wireDomain(domain) }, options);
}

/** Wakes a guest that suspended itself to memory. */
export async function wakeDomain(connection: Connection, domain: DomainKey, options?: CallOptions): Promise<void> {
  await connection.call("domain_pm_wakeup", { dom: wireDomain(domain), flags: 0 }, options);
}
