/**
 * QEMU's migration stream (docs/devel/migration.rst and migration/savevm.c, ram.c), as far as it is read and written here:
 * ```
 * "QEVM" u32 version=3
 * 7 u32 length, machine's name, subsections                     configuration
 * 1|4 u32 id, name, u32 instance, u32 version, body             the start of a section; 4: all of it
 * 2|3 u32 id, body                                              a part of a section; 3: its last
 * 0x7e u32 id                                                   footer of the section before
 * 8 u16 command u16 length, bytes
 * 0                                                             the end; a description in JSON may follow
 * body of "ram": records of u64 address | flags, [name of the block, unless CONTINUE], content; EOS ends a part
 * ```
 * Numbers are big-endian. Everything from the first whole section (4) on is the devices' state: it is kept as it is.
 */
export const sections = {
  end: 0,
  start: 1,
  part: 2,
  last: 3,
  whole: 4,
  subsection: 5,
  configuration: 7,
  command: 8,
  footer: 0x7e,
};
export const ramFlags = { zero: 0x02, memSize: 0x04, page: 0x08, endOfPart: 0x10, continues: 0x20 };
export const streamMagic = 0x5145564d;
export const streamVersion = 3;
export const ramVersion = 4;
/** As the main memory of x86 machines is called. */
export const mainBlock = "pc.ram";
/** As it is called while it is mapped from a file of ours. */
export const mappedBlock = "belay-ram";

/** The capability of a migration that leaves out what is shared with others. */
export const ignoreShared = "x-ignore-shared";

/** A part of the guest's memory, by QEMU's own name: main memory, video memory, each ROM. */
export interface MemoryBlock {
  readonly name: string;
  readonly sizeBytes: number;
}

export const memoryVolume = (block: string) => `memory/${block === mappedBlock ? mainBlock : block}`;
export const blockOfVolume = (volume: string) =>
  volume.startsWith("memory/") ? volume.slice("memory/".length) : undefined;

/** The stream has something that this version cannot keep. Nothing of it may be stored. */
export class UnknownStream extends Error {
  override readonly name = "UnknownStream";
}
