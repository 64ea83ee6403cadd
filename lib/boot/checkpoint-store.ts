import { randomBytes } from "node:crypto";
import {
  type ByteStore,
  connectStore,
  type KeptStore,
  keepStore,
  runStore,
  type StoreSettings,
  socketOf,
} from "../checkpoint/index.ts";
import type { Log } from "../engine/ports.ts";
import type { BootOptions } from "./options.ts";
import { privateFile } from "./private-file.ts";
import { whoseEncrypted } from "./whose-encrypted.ts";

/** Left free for everything else on the file system. */
const reserveBytes = 1024 * 1024 * 1024;
/** All of it is read again in the background: slowly, and after an hour's rest from the beginning. */
const scrub = { bytesPerSecond: 16 * 1024 * 1024, restMs: 3_600_000 };

type Settled = Pick<
  BootOptions,
  "checkpointDirs" | "checkpointEncrypted" | "checkpointKeyFile" | "checkpointMostBytes"
>;

/** The key is made when it is needed and not there. `there`: undefined without a database. */
async function storeSettings(options: Settled, there: Parameters<typeof whoseEncrypted>[1]): Promise<StoreSettings> {
  const { checkpointDirs, checkpointKeyFile: keyFile, checkpointMostBytes } = options;
  const checkpointEncrypted = whoseEncrypted(options.checkpointEncrypted, there);
  const settings = { directories: [...checkpointDirs], reserveBytes, scrub, maxBytes: checkpointMostBytes };
  if (checkpointEncrypted === undefined) return settings;
  await privateFile(keyFile, () => `${randomBytes(32).toString("base64")}\n`);
  const organizations = checkpointEncrypted === "all" ? checkpointEncrypted : [...checkpointEncrypted];
  return { ...settings, encryption: { keyFile, organizations } };
}

/** The store of saved states, whoever keeps it: it is dialled when it is asked. */
export const checkpointStore = (options: Pick<BootOptions, "checkpointDirs">): ByteStore =>
  connectStore(socketOf({ directories: [...options.checkpointDirs] }));

/** With the role store it is kept by us, as a process of its own. undefined: another one keeps it, or it is simulated. */
export async function keptByUs(
  options: BootOptions,
  organizations: () => Promise<Parameters<typeof whoseEncrypted>[1]>,
  log: Log,
): Promise<Pick<KeptStore, "stop"> | undefined> {
  if (!options.roles.has("store") || options.simulated) return undefined;
  return keepStore(await storeSettings(options, await organizations()), { log });
}

/** `--role store` alone: nothing else is started, not even a database. */
export const onlyStore = async (options: BootOptions, log: Log): Promise<KeptStore> =>
  runStore(await storeSettings(options, undefined), log);
