import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { namesWithoutTemporaries, writeWhole } from "./files.ts";

export const tagBytes = 16;
export const saltBytes = 16;
const authBytes = 16;

/** Within whom equal pages are stored once, and by which key they are kept. */
export interface Domain {
  /** 16 bytes that name it in files; all zero: not encrypted, shared by all who are not. */
  readonly tag: Buffer;
  readonly key: Buffer | null;
}
export const openDomain: Domain = { tag: Buffer.alloc(tagBytes), key: null };

/** The bytes are as they were written, but the key that they need is not the one that we were given. */
export class KeyMissing extends Error {
  override readonly name = "KeyMissing";
}

export interface EncryptionOptions {
  /** 32 bytes: wraps the keys of organizations. Who loses it loses what is encrypted. */
  readonly key: Buffer;
  readonly organizations: "all" | readonly string[];
}

/** Each file has a key of its own, from the organization's and the file's salt, so that nonces may simply count. */
export const fileKey = (domain: Domain, salt: Uint8Array): Buffer | null =>
  domain.key && Buffer.from(hkdfSync("sha256", domain.key, salt, "belay checkpoint file", 32));

const nonce = (count: number) => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(count, 0);
  return bytes;
};

export function seal(key: Buffer | null, count: number, about: Uint8Array, plain: Uint8Array): Uint8Array {
  if (key === null) return plain;
  const cipher = createCipheriv("aes-256-gcm", key, nonce(count)).setAAD(about);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The bytes had their checksum before this is asked, so what fails here is the key. */
export function unseal(key: Buffer | null, count: number, about: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (key === null) return sealed;
  const at = sealed.byteLength - authBytes;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce(count)).setAAD(about);
    decipher.setAuthTag(sealed.subarray(at));
    return Buffer.concat([decipher.update(sealed.subarray(0, at)), decipher.final()]);
  } catch (cause) {
    throw new KeyMissing("This was not encrypted with the key that the store was given.", { cause });
  }
}

const wrapped = z.object({ organization: z.string().nullable(), salt: z.base64(), wrapped: z.base64() });
const tagOf = (organization: string | null) =>
  createHash("sha256")
    .update(`belay organization ${JSON.stringify(organization)}`)
    .digest()
    .subarray(0, tagBytes);

/** The data keys of organizations, each in a file of its own, wrapped by the server's key. */
export class Keyring {
  private readonly domains = new Map<string, Promise<Domain>>();
  /** Those whose key is there but cannot be unwrapped: never made anew over it. */
  private readonly locked = new Set<string>();
  private readonly directory: string;
  private readonly options: EncryptionOptions | undefined;

  private constructor(directory: string, options: EncryptionOptions | undefined) {
    this.directory = directory;
    this.options = options;
  }

  static async open(directory: string, options: EncryptionOptions | undefined): Promise<Keyring> {
    const ring = new Keyring(directory, options);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await namesWithoutTemporaries(directory)) {
      const {
        organization,
        salt,
        wrapped: sealed,
      } = wrapped.parse(JSON.parse(await readFile(path.join(directory, name), "utf8")));
      const tag = tagOf(organization);
      try {
        if (!options) throw new KeyMissing("The store was given no key.");
        const wrapping = fileKey({ tag, key: options.key }, Buffer.from(salt, "base64"));
        const key = Buffer.from(unseal(wrapping, 0, tag, Buffer.from(sealed, "base64")));
        ring.domains.set(tag.toString("hex"), Promise.resolve({ tag, key }));
      } catch (error) {
        if (!(error instanceof KeyMissing)) throw error;
        ring.locked.add(tag.toString("hex"));
      }
    }
    return ring;
  }

  /** Whose domain a new checkpoint of this organization is in; its key is made, and on disk, when this resolves. */
  domainOf(organization: string | null): Promise<Domain> {
    const { options } = this;
    const which = options?.organizations ?? [];
    if (!options || (which !== "all" && (organization === null || !which.includes(organization))))
      return Promise.resolve(openDomain);
    const tag = tagOf(organization);
    const name = tag.toString("hex");
    const known = this.domains.get(name);
    if (known) return known;
    if (this.locked.has(name))
      return Promise.reject(new KeyMissing("The store was given another key than this organization's is wrapped by."));
    const made = this.make(organization, tag, options.key);
    this.domains.set(name, made);
    made.catch(() => this.domains.delete(name));
    return made;
  }

  private async make(organization: string | null, tag: Buffer, master: Buffer): Promise<Domain> {
    const key = randomBytes(32);
    const salt = randomBytes(saltBytes);
    const sealed = seal(fileKey({ tag, key: master }, salt), 0, tag, key);
    const text = JSON.stringify({
      organization,
      salt: salt.toString("base64"),
      wrapped: Buffer.from(sealed).toString("base64"),
    });
    await writeWhole(path.join(this.directory, `${tag.toString("hex")}.json`), [Buffer.from(`${text}\n`)]);
    return { tag, key };
  }

  /** The domain that a file says it is of. */
  async byTag(tag: Buffer): Promise<Domain> {
    if (tag.equals(openDomain.tag)) return openDomain;
    const domain = this.domains.get(tag.toString("hex"));
    if (!domain) throw new KeyMissing("The store was not given the key that this is encrypted with.");
    return domain;
  }
}
