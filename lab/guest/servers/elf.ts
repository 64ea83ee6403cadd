/**
 * Where a section of a 64-bit little-endian ELF file lies (System V ABI, "Sections"). Pure.
 *
 * header: e_shoff at 40 (8 bytes), e_shentsize at 58, e_shnum at 60, e_shstrndx at 62 (2 bytes each)
 * section header: sh_name at 0 (4), sh_offset at 24 (8), sh_size at 32 (8)
 */
export function elfSection(file: Buffer, name: string): { readonly at: number; readonly bytes: number } | undefined {
  if (file.length < 64 || file.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return undefined;
  const table = Number(file.readBigUInt64LE(40));
  const [entry, count, names] = [file.readUInt16LE(58), file.readUInt16LE(60), file.readUInt16LE(62)];
  const header = (index: number) => table + index * entry;
  const place = (index: number) => ({
    at: Number(file.readBigUInt64LE(header(index) + 24)),
    bytes: Number(file.readBigUInt64LE(header(index) + 32)),
  });
  const texts = place(names).at;
  for (let index = 0; index < count; index++) {
    const start = texts + file.readUInt32LE(header(index));
    if (file.toString("latin1", start, file.indexOf(0, start)) === name) return place(index);
  }
  return undefined;
}
