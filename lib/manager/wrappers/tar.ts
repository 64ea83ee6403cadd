/**
 * A ustar archive of small files (POSIX.1-1988, pax(1)), so that many files go to a VM over one channel. Pure.
 *
 * header := name[100] mode[8] uid[8] gid[8] size[12] mtime[12] checksum[8] type[1] link[100] "ustar\0" "00" user[32] group[32] dev[16] prefix[155]
 */
export interface TarEntry {
  /** Absolute on the VM; the archive has it without the first slash. */
  readonly path: string;
  readonly data: Uint8Array;
  /** Octal digits. */
  readonly mode: string;
}

const block = 512;

export function tarOf(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ path, data, mode }) => [
    header(path.replace(/^\/+/, ""), data.length, mode),
    Buffer.from(data),
    Buffer.alloc((block - (data.length % block)) % block),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(path: string, sizeBytes: number, mode: string): Buffer {
  const { name, prefix } = split(path);
  const head = Buffer.alloc(block);
  head.write(name, 0, 100);
  head.write(`${mode.padStart(7, "0")}\0`, 100);
  head.write("0000000\0".repeat(2), 108);
  head.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124);
  // Files of one content are one archive, whenever it is made.
  head.write(`${"0".padStart(11, "0")}\0`, 136);
  head.write("        0", 148);
  head.write("ustar\x0000", 257, "latin1");
  head.write(prefix, 345, 155);
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head;
}

function split(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { name, prefix };
  }
  throw new RangeError(`the path ${path} is too long for an archive`);
}
