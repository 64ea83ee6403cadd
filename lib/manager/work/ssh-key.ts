import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import ssh2 from "ssh2";
import type { Description } from "../description/index.ts";
import { ManagerError } from "../servers.ts";

export interface KeyPair {
  readonly privateKey: string;
  /** A line of authorized_keys. */
  readonly publicKey: string;
}

/** The customer's own key, or one that the manager makes and keeps. */
export async function keyPairOf(description: Description, directory: string, stateDir: string): Promise<KeyPair> {
  const own = description.ssh.privateKey;
  if (own !== undefined) return pairOf(path.resolve(directory, own));
  const file = path.join(stateDir, "id_ed25519");
  const made = newKeyPair(`belay-manager ${description.application.name}`);
  await writeFile(file, made.private, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  return pairOf(file);
}

const mostTries = 20;

/** ssh2 writes about one ed25519 key in 400 so that nobody can read it, itself included (1.17): then another one is made. */
function newKeyPair(comment: string) {
  for (let tries = 1; ; tries++) {
    const made = ssh2.utils.generateKeyPairSync("ed25519", { comment });
    if (tries === mostTries || !(ssh2.utils.parseKey(made.private) instanceof Error)) return made;
  }
}

async function pairOf(file: string): Promise<KeyPair> {
  const privateKey = await readFile(file, "utf8");
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error)
    throw new ManagerError({
      code: "key-unreadable",
      message: `${file} is no private key that can be used: ${key.message}.`,
      field: "ssh.privateKey",
      cure: "Name a private key in OpenSSH's form without a passphrase, or none: then the manager makes one.",
    });
  return { privateKey, publicKey: `${key.type} ${key.getPublicSSH().toString("base64")} belay-manager` };
}
