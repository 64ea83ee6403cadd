/**
 * libvirt's save image (qemu_saveimage.h): 92 bytes of header, little-endian, then the domain's XML with a NUL, then, where
 * `cookieAt` is not 0, a cookie with a NUL at that place after the header; then QEMU's stream.
 * `16 bytes magic | u32 version=2 | u32 bytes of XML and cookie | u32 was running | u32 compression=0 | u32 cookieAt | 14 × u32 unused`
 */
const magic = "LibvirtQemudSave";
/** While libvirt is still writing it. */
const partMagic = "LibvirtQemudPart";
const headerBytes = 92;
const maxTextBytes = 16 * 1024 * 1024;

export interface SaveImageHead {
  readonly xml: string;
  readonly cookie: string | null;
  readonly wasRunning: boolean;
}

export class UnknownSaveImage extends Error {
  override readonly name = "UnknownSaveImage";
}

/** What comes before QEMU's stream in a save image. */
export function saveImageHead({ xml, cookie, wasRunning }: SaveImageHead): Uint8Array {
  const text = Buffer.from(`${xml}\0`);
  const extra = cookie === null ? Buffer.alloc(0) : Buffer.from(`${cookie}\0`);
  const header = Buffer.alloc(headerBytes);
  header.write(magic, "latin1");
  let at = header.writeUInt32LE(2, 16);
  at = header.writeUInt32LE(text.length + extra.length, at);
  at = header.writeUInt32LE(wasRunning ? 1 : 0, at);
  at = header.writeUInt32LE(0, at);
  header.writeUInt32LE(cookie === null ? 0 : text.length, at);
  return Buffer.concat([header, text, extra]);
}

/** undefined: more bytes are needed. `streamAt`: where QEMU's stream begins. Throws `UnknownSaveImage`. */
export function readSaveImageHead(bytes: Uint8Array): (SaveImageHead & { readonly streamAt: number }) | undefined {
  if (bytes.length < headerBytes) return undefined;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = header.toString("latin1", 0, 16);
  if (found === partMagic) throw new UnknownSaveImage("libvirt has not finished this save image.");
  if (found !== magic) throw new UnknownSaveImage("This is no save image of libvirt's.");
  const [version, textBytes, wasRunning, compression, cookieAt] = [16, 20, 24, 28, 32].map((at) =>
    header.readUInt32LE(at),
  );
  if (
    version !== 2 ||
    compression !== 0 ||
    textBytes === undefined ||
    cookieAt === undefined ||
    textBytes > maxTextBytes
  )
    throw new UnknownSaveImage("The save image has another version, or is compressed.");
  const streamAt = headerBytes + textBytes;
  if (bytes.length < streamAt) return undefined;
  const text = (from: number) => {
    const end = header.indexOf(0, headerBytes + from);
    return header.toString("utf8", headerBytes + from, end < 0 || end > streamAt ? streamAt : end);
  };
  return {
    xml: text(0),
    cookie: cookieAt === 0 ? null : text(cookieAt),
    wasRunning: wasRunning === 1,
    streamAt,
  };
}
