import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { BelayError } from "../model/index.ts";

const run = promisify(execFile);

export interface Identity {
  /** The private key, readable by its owner only. */
  readonly identityFile: string;
  /** One line for a host's authorized_keys. */
  readonly publicKey: string;
}

/**
 * Belay's own SSH key in `dir`, made at the first call. It is what a host authorises. Two callers at once get the same key.
 */
export async function ensureIdentity(dir: string): Promise<Identity> {
  const identityFile = path.join(dir, "id_ed25519");
  const read = async (): Promise<Identity> => ({
    identityFile,
    publicKey: (await readFile(`${identityFile}.pub`, "utf8")).trim(),
  });
  try {
    return await read();
  } catch {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }
  const fresh = path.join(dir, `.new-${process.pid}`);
  await rm(fresh, { force: true });
  try {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `belay@${hostname()}`, "-f", fresh], {
      timeout: 20_000,
    });
  } catch (cause) {
    throw new BelayError("not-available", "Belay could not make its SSH key: ssh-keygen failed.", {
      cure: "Install the Debian package openssh-client.",
      cause,
    });
  }
  // The public half last: it is what says that the key is whole.
  await rename(fresh, identityFile);
  await rename(`${fresh}.pub`, `${identityFile}.pub`);
  return read();
}
