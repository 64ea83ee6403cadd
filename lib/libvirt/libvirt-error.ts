import { errorDomains, errorNumbers } from "./protocol/error-names.ts";
import type { Error as WireError } from "./protocol/generated/types.ts";

/**
 * What libvirt answered instead of a result. `codeName` and `domainName` are libvirt's own names without their prefix
 * ("NO_DOMAIN", "QEMU"), absent for numbers newer than this client. The numbers are of libvirt's public header virterror.h.
 */
export class LibvirtError extends Error {
  readonly code: number;
  readonly codeName: string | undefined;
  readonly domain: number;
  readonly domainName: string | undefined;
  readonly level: number;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;
  /** The procedure that was called. */
  readonly procedure: string;

  constructor(procedure: string, wire: Omit<WireError, "dom" | "net">) {
    super(wire.message ?? `libvirt error ${wire.code}`);
    this.name = "LibvirtError";
    this.procedure = procedure;
    this.code = wire.code;
    this.codeName = errorNumbers[wire.code];
    this.domain = wire.domain;
    this.domainName = errorDomains[wire.domain];
    this.level = wire.level;
    this.str1 = wire.str1;
    this.str2 = wire.str2;
    this.str3 = wire.str3;
    this.int1 = wire.int1;
    this.int2 = wire.int2;
  }
}

export function isLibvirtError(error: unknown, ...codeNames: readonly string[]): error is LibvirtError {
  if (!(error instanceof LibvirtError)) return false;
  return codeNames.length === 0 || (error.codeName !== undefined && codeNames.includes(error.codeName));
}

/** The domain does not exist on this host. */
export const isNoDomain = (error: unknown): error is LibvirtError => isLibvirtError(error, "NO_DOMAIN");
/** The thing is in a state that does not allow it: already running, not running, not paused. */
export const isOperationInvalid = (error: unknown): error is LibvirtError => isLibvirtError(error, "OPERATION_INVALID");
/** This driver cannot do it, or not in this configuration. */
export const isUnsupported = (error: unknown): error is LibvirtError =>
  isLibvirtError(error, "NO_SUPPORT", "OPERATION_UNSUPPORTED", "CONFIG_UNSUPPORTED", "ARGUMENT_UNSUPPORTED");
/** Another job holds the domain (libvirt's own 30 s wait is over), or the resource is in use. */
export const isBusy = (error: unknown): error is LibvirtError =>
  isLibvirtError(error, "OPERATION_TIMEOUT", "RESOURCE_BUSY");
/** The guest agent is not installed, not running or does not answer. */
export const isAgentUnresponsive = (error: unknown): error is LibvirtError =>
  isLibvirtError(error, "AGENT_UNRESPONSIVE", "AGENT_UNSYNCED");
/** The connected account may not do it. */
export const isDenied = (error: unknown): error is LibvirtError =>
  isLibvirtError(error, "OPERATION_DENIED", "ACCESS_DENIED", "AUTH_FAILED");
export const isNoMetadata = (error: unknown): error is LibvirtError => isLibvirtError(error, "NO_DOMAIN_METADATA");
export const isNoStorageVolume = (error: unknown): error is LibvirtError => isLibvirtError(error, "NO_STORAGE_VOL");
export const isNoStoragePool = (error: unknown): error is LibvirtError => isLibvirtError(error, "NO_STORAGE_POOL");
