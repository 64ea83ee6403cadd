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

/** Left free for everything else on the file system. */
const reserveBytes = 1024 * 1024 * 1024;
/** All of it is read again in the background: slowly, and after an hour's rest from the beginning. */
const scrub = { bytesPerSecond: 16 * 1024 * 1024, restMs: 3_600_000 };

export const storeSettings = ({
  checkpointDirs,
  checkpointKeyFile,
}: Pick<BootOptions, "checkpointDirs" | "checkpointKeyFile">): StoreSettings => ({
  directories: [...checkpointDirs],
  reserveBytes,
  scrub,
  ...(checkpointKeyFile !== undefined && { encryption: { keyFile: checkpointKeyFile, organizations: "all" } }),
});

/** The store of saved states: with the role store it is kept by us, as a process of its own; else it is found where another one keeps it. */
export function checkpointStore(options: BootOptions, log: Log): Pick<KeptStore, "store" | "stop"> {
  const settings = storeSettings(options);
  if (options.roles.has("store") && !options.simulated) return keepStore(settings, { log });
  const store = connectStore(socketOf(settings)); // dials when it is asked
  return { store, stop: () => store.close() };
}

/** `--role store` alone: nothing else is started, not even a database. */
export const onlyStore = (options: BootOptions, log: Log): Promise<KeptStore> => runStore(storeSettings(options), log);
