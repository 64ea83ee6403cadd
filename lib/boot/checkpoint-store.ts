import { randomBytes } from "node:crypto";
import {
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

/** Left free for everything else on the file system. */
const reserveBytes = 1024 * 1024 * 1024;
/** All of it is read again in the background: slowly, and after an hour's rest from the beginning. */
const scrub = { bytesPerSecond: 16 * 1024 * 1024, restMs: 3_600_000 };

type Settled = Pick<
  BootOptions,
  "checkpointDirs" | "checkpointEncrypted" | "checkpointKeyFile" | "checkpointMostBytes"
>;

/** The key is made when it is needed and not there. */
async function storeSettings(options: Settled): Promise<StoreSettings> {
  const { checkpointDirs, checkpointEncrypted, checkpointKeyFile: keyFile, checkpointMostBytes } = options;
  const settings = { directories: [...checkpointDirs], reserveBytes, scrub, maxBytes: checkpointMostBytes };
  if (checkpointEncrypted === undefined) return settings;
  await privateFile(keyFile, () => `${randomBytes(32).toString("base64")}\n`);
  const organizations = checkpointEncrypted === "all" ? checkpointEncrypted : [...checkpointEncrypted];
  return { ...settings, encryption: { keyFile, organizations } };
}

/** The store of saved states: with the role store it is kept by us, as a process of its own; else it is found where another one keeps it. */
export async function checkpointStore(options: BootOptions, log: Log): Promise<Pick<KeptStore, "store" | "stop">> {
  if (options.roles.has("store") && !options.simulated) return keepStore(await storeSettings(options), { log });
  const store = connectStore(socketOf({ directories: [...options.checkpointDirs] })); // dials when it is asked
  return { store, stop: () => store.close() };
}

/** `--role store` alone: nothing else is started, not even a database. */
export const onlyStore = async (options: BootOptions, log: Log): Promise<KeptStore> =>
  runStore(await storeSettings(options), log);
