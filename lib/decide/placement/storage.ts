import type { Host, Vm } from "../../model/index.ts";

const within = (path: string, directory: string): boolean => {
  const root = directory.endsWith("/") ? directory : `${directory}/`;
  return path.startsWith(root) && !path.includes("/../");
};

/**
 * For each disk of the VM the shared directories of its host that hold it. A disk on the network has no path and is no hindrance;
 * a disk with an empty list is on that host alone.
 */
export const sharedDisks = (vm: Pick<Vm, "diskPaths">, from: Host | undefined): (readonly string[])[] =>
  vm.diskPaths.map((path) => (from?.sharedPaths ?? []).filter((directory) => within(path, directory)));

/** Whether a host that names these directories as shared sees every disk. */
export const seesDisks = (disks: readonly (readonly string[])[], shared: ReadonlySet<string>): boolean =>
  disks.every((directories) => directories.some((directory) => shared.has(directory)));
