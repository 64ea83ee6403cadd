/**
 * A small ISO 9660 image (ECMA-119): one root directory with a few files, a volume label. Enough for a NoCloud seed, so that
 * no program for making images is needed. Pure.
 *
 * sectors := 16 empty, primary volume descriptor, terminator, path table (little endian), path table (big endian),
 *            root directory, files, each from a sector of its own
 */
const sector = 2048;
const pathTableAt = 18;
const rootAt = 20;

/** A number in both byte orders, as the standard wants it. */
function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

const text = (value: string, length: number) => Buffer.from(value.padEnd(length).slice(0, length), "latin1");

/** A directory record (9.1): where a file lies and how long it is. The date is fixed: equal seeds give equal bytes. */
function record(name: Buffer, at: number, length: number, directory: boolean): Buffer {
  const size = 33 + name.length + ((33 + name.length) % 2);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt8(size, 0);
  both32(at).copy(bytes, 2);
  both32(length).copy(bytes, 10);
  Buffer.from([100, 1, 1, 0, 0, 0, 0]).copy(bytes, 18);
  bytes.writeUInt8(directory ? 2 : 0, 25);
  both16(1).copy(bytes, 28);
  bytes.writeUInt8(name.length, 32);
  name.copy(bytes, 33);
  return bytes;
}

function volumeDescriptor(label: string, sectors: number): Buffer {
  const bytes = Buffer.alloc(sector);
  const root = record(Buffer.from([0]), rootAt, sector, true);
  const pieces: ReadonlyArray<[offset: number, bytes: Buffer]> = [
    [0, Buffer.from("\x01CD001\x01", "latin1")],
    [8, text("", 32)],
    [40, text(label, 32)],
    [80, both32(sectors)],
    [120, both16(1)],
    [124, both16(1)],
    [128, both16(sector)],
    [132, both32(10)],
    [140, Buffer.from([pathTableAt, 0, 0, 0])],
    [148, Buffer.from([0, 0, 0, pathTableAt + 1])],
    [156, root],
    [190, text("", 623)],
    [813, Buffer.from(`${"0".repeat(16)}\0`.repeat(4), "latin1")],
    [881, Buffer.from([1])],
  ];
  for (const [offset, piece] of pieces) piece.copy(bytes, offset);
  return bytes;
}

/** Names are stored in capitals with a version, as level 2 wants; Linux shows "META-DATA.;1" as "meta-data" again. */
export function isoImage(label: string, files: ReadonlyArray<{ name: string; content: string }>): Buffer {
  let next = rootAt + 1;
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const placed = sorted.map(({ name, content }) => {
    const data = Buffer.from(content);
    const at = next;
    const sectors = Math.max(1, Math.ceil(data.length / sector));
    next += sectors;
    return { at, name: Buffer.from(`${name.toUpperCase()}.;1`), data, space: sectors * sector };
  });
  const directory = Buffer.concat([
    record(Buffer.from([0]), rootAt, sector, true),
    record(Buffer.from([1]), rootAt, sector, true),
    ...placed.map((file) => record(file.name, file.at, file.data.length, false)),
  ]);
  if (directory.length > sector) throw new RangeError(`${files.length} files do not fit into one directory sector`);
  const image = Buffer.alloc(next * sector);
  volumeDescriptor(label, next).copy(image, 16 * sector);
  Buffer.from("\xffCD001\x01", "latin1").copy(image, 17 * sector);
  Buffer.from([1, 0, rootAt, 0, 0, 0, 1, 0, 0, 0]).copy(image, pathTableAt * sector);
  Buffer.from([1, 0, 0, 0, 0, rootAt, 0, 1, 0, 0]).copy(image, (pathTableAt + 1) * sector);
  directory.copy(image, rootAt * sector);
  for (const file of placed) file.data.copy(image, file.at * sector);
  return image;
}
