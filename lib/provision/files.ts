/** Names of the files that Belay makes for a VM. They carry the UUID, so that no VM's files are ever taken for another's. Pure. */

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const labelPattern = /^[A-Za-z0-9_.-]{1,64}$/;

const join = (directory: string, name: string) => `${directory.replace(/\/+$/, "")}/${name}`;

/** With what all files of this VM begin that Belay has made. */
export function fileStem(uuid: string): string {
  const known = uuid.toLowerCase();
  if (!uuidPattern.test(known)) throw new RangeError(`"${uuid}" is no UUID of a domain`);
  return `belay-${known}`;
}

/** Disk and seed of a VM that Belay makes, below a directory that hosts share. */
export function allocationFiles(directory: string, uuid: string): { readonly disk: string; readonly seed: string } {
  const stem = fileStem(uuid);
  return { disk: join(directory, `${stem}.qcow2`), seed: join(directory, `${stem}-seed.iso`) };
}

/** A later disk of the same VM, in the same directory. One label is one disk. */
export function renewedDisk(directory: string, uuid: string, label: string): string {
  if (!labelPattern.test(label)) throw new RangeError(`"${label}" cannot name a disk`);
  return join(directory, `${fileStem(uuid)}-${label}.qcow2`);
}
