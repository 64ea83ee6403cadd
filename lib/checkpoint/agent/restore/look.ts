import {
  type CallOptions,
  type Connection,
  type DomainStatus,
  domainStatus,
  domainXml,
  findDomain,
  isNoDomain,
  readMetadata,
} from "../../../libvirt/index.ts";

/** The host refuses, and asking again does not help. */
export class Refused extends Error {
  override readonly name = "Refused";
}

const metadataUri = "urn:belay:vm:1";

export interface Here {
  readonly active: boolean;
  readonly generation: number | null;
  /** Which restore it is a run of; null for one that somebody started. */
  readonly run: string | null;
}

/** What the host knows of this domain now. */
export async function lookAt(connection: Connection, uuid: string, options?: CallOptions): Promise<Here | undefined> {
  const ref = await findDomain(connection, { uuid }, options);
  if (ref === undefined) return undefined;
  try {
    const metadata = await readMetadata(connection, { uuid }, { type: "element", uri: metadataUri }, options);
    const found = /\bgeneration=["'](\d{1,15})["']/.exec(metadata ?? "")?.[1];
    const run = /\brestore=["']([A-Za-z0-9_-]{1,120})["']/.exec(metadata ?? "")?.[1] ?? null;
    return { active: ref.id >= 0, generation: found === undefined ? null : Number(found), run };
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    throw error;
  }
}

const heldPrefix = "held-";
/** The run of a restore that is held: named by its checkpoint, so that whoever comes later knows it again. */
export const heldRun = (checkpoint: string) => `${heldPrefix}${checkpoint}`;

/**
 * Whether a restore holds what stands there, or still loads it. A guest that a capture has stopped, by QEMU's monitor, has no reason to it; but
 * where it is being moved, or libvirtd began anew meanwhile, libvirt says of it what it says of a loaded one: that is told by whose run it is.
 */
export async function isHeldByRestore(
  connection: Connection,
  uuid: string,
  { state, reason }: DomainStatus,
  options?: CallOptions,
): Promise<boolean> {
  if (state !== "paused") return false;
  if (reason !== "migration") return reason === "starting_up";
  return (await lookAt(connection, uuid, options))?.run?.startsWith(heldPrefix) === true;
}

/** What became of a restore that was held. */
export async function heldStateOf(
  connection: Connection,
  uuid: string,
  { checkpoint, generation }: { readonly checkpoint: string; readonly generation: number },
): Promise<"loading" | "held" | "runs" | "gone"> {
  const here = await lookAt(connection, uuid);
  if (!here?.active || here.generation !== generation || here.run !== heldRun(checkpoint)) return "gone";
  const { state, reason } = await domainStatus(connection, { uuid });
  if (state === "running" || state === "blocked") return "runs";
  if (state !== "paused") return "gone";
  return reason === "starting_up" ? "loading" : "held";
}

/** True: it runs there already, as this very restore. Throws `Refused` where another copy is in the way; `run`: also one of the same generation. */
export function isDone(here: Here | undefined, generation: number, run?: string): boolean {
  const theirs = here?.generation ?? 0;
  if (theirs > generation)
    throw new Refused(`The host has a newer copy of it: generation ${theirs}, and ${generation} was to start.`);
  if (!here?.active) return false;
  if (theirs === generation && run !== undefined && here.run !== run)
    throw new Refused("It runs there already, of something else than what was to be restored.");
  if (theirs === generation) return true;
  throw new Refused(`An older copy of it runs there: generation ${theirs}, and ${generation} was to start.`);
}

/** The definition that libvirt keeps; undefined where it keeps none. */
export async function keptDefinition(connection: Connection, uuid: string): Promise<string | undefined> {
  try {
    return await domainXml(connection, { uuid }, { inactive: true, secure: true });
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    throw error;
  }
}
