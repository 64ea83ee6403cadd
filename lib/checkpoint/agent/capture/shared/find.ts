import { findDomain } from "../../../../libvirt/index.ts";
import { mainBlock, mappedBlock } from "../../../stream/index.ts";
import { asList, asNumber, asText, type Monitor } from "../../monitor.ts";
import { type Mapping, mappingsOf, pidOf } from "../../qemu-process.ts";
import { ramSuffix } from "../../restore/ram.ts";

/** A guest's main memory that QEMU shares with whoever opens the same file. */
export interface SharedMemory {
  /** As QEMU calls it. */
  readonly block: string;
  readonly sizeBytes: number;
  /** The same memory, to be read; for root. */
  readonly file: string;
  /** libvirt's number of this run: the memory is no other run's. */
  readonly run: number;
}
export type SharedFound =
  | { readonly ok: true; readonly memory: SharedMemory }
  | { readonly ok: false; readonly words: string };

/** While it is copied the guest stands, a tenth of a second or more for each GiB: more of it is left to QEMU. */
export const mostSharedBytes = 1024 * 1024 * 1024;

/** What QEMU says of its memory (`query-memdev`): all of the guest's must be one shared piece. Pure. */
export function sharedOf(
  memdevs: unknown,
): Extract<SharedFound, { ok: false }> | Pick<SharedMemory, "block" | "sizeBytes"> {
  const all = asList(memdevs);
  const used = all.find(({ id }) => id === mappedBlock) ?? all.find(({ id }) => id === mainBlock);
  if (used === undefined) return no("QEMU has divided its memory");
  // QEMU would leave that out as well, and nobody would save it: modules of memory, memory between VMs.
  if (all.some((it) => it.share === true && it !== used && it.id !== mainBlock))
    return no("it has other shared memory besides");
  const sizeBytes = asNumber(used.size);
  if (used.share !== true) return no('its memory is not shared with the host (`<access mode="shared"/>`)');
  if (sizeBytes > mostSharedBytes) return no("it has more memory than can be copied while it stands");
  return { block: asText(used.id), sizeBytes };
}

/**
 * Where that memory lies in QEMU's process: the one shared piece of its size. A guest that was restored has its memory in a file of ours, and
 * what libvirt had asked for beside it, unused. Pure.
 */
export function mappingOf(
  all: readonly Mapping[],
  { block, sizeBytes }: Pick<SharedMemory, "block" | "sizeBytes">,
): Mapping | undefined {
  const found = all.filter(
    ({ shared, from, to, file }) =>
      shared && to - from === sizeBytes && file.endsWith(ramSuffix) === (block === mappedBlock),
  );
  return new Set(found.map(({ inode }) => inode)).size === 1 ? found[0] : undefined;
}

const no = (why: string): Extract<SharedFound, { ok: false }> => ({
  ok: false,
  words: `QEMU itself writes the memory, which slows the VM while it does: ${why}.`,
});

export async function findShared(monitor: Monitor): Promise<SharedFound> {
  const found = sharedOf(await monitor.qmp("query-memdev"));
  if ("ok" in found) return found;
  const domain = await findDomain(monitor.connection, { uuid: monitor.domain.uuid });
  const pid = domain && (await pidOf(domain.name));
  if (domain === undefined || pid === undefined) return no("its process is not found");
  const mapping = mappingOf(await mappingsOf(pid).catch(() => []), found);
  if (mapping === undefined) return no("where its memory lies is not found");
  return { ok: true, memory: { ...found, run: domain.id, file: `/proc/${pid}/map_files/${mapping.range}` } };
}
