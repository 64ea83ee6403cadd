import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, statfs } from "node:fs/promises";
import path from "node:path";
import { type Connection, domainXml, findDomain } from "../../../libvirt/index.ts";

/**
 * Images of guests' memory, from which QEMU maps it. On tmpfs: of a memory that is mapped from a file elsewhere QEMU takes no background
 * snapshot. From the first instruction of the run on the image IS the guest's memory, and nobody else's.
 */
const spareBytes = 64 * 1024 * 1024;
export const ramSuffix = ".ram";
const nameOf = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-.+\.ram$/;

export interface RamPlace {
  readonly directory: string;
  /** Whose QEMU's files are: the owner of this directory. */
  readonly ownedLike: string;
}
export const systemRam: RamPlace = { directory: "/dev/shm/belay", ownedLike: "/var/lib/libvirt/qemu" };
export const ramFile = (uuid: string, token: string, { directory }: RamPlace = systemRam) =>
  path.posix.join(directory, `${uuid}-${token}${ramSuffix}`);

async function availableBytes(): Promise<number> {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"));
  return Number(found?.[1] ?? 0) * 1024;
}

/** What the images that are there will take when their guests have written to all of their memory: a tmpfs that is full then ends a guest. */
async function promisedBytes({ directory }: RamPlace): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const lacking = names.map(async (name) => {
    const { size, blocks } = await stat(path.join(directory, name)).catch(() => ({ size: 0, blocks: 0 }));
    return Math.max(0, size - blocks * 512);
  });
  return (await Promise.all(lacking)).reduce((sum, bytes) => sum + bytes, 0);
}

/** Whether an image of this size fits now. The guest that maps it needs no memory beside it. */
export async function hasRoom(sizeBytes: number, place: RamPlace = systemRam): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(path.dirname(place.directory));
    const neededBytes = sizeBytes + (await promisedBytes(place)) + spareBytes;
    return bavail * bsize > neededBytes && (await availableBytes()) > sizeBytes + spareBytes;
  } catch {
    return false;
  }
}

const qemusOf = async ({ ownedLike }: RamPlace) =>
  stat(ownedLike).catch(() => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }));
const likeQemus = async (file: string, place: RamPlace) => {
  const { uid, gid } = await qemusOf(place);
  await chown(file, uid, gid);
};

/** Everybody may make files beside it: one that another account made first, or a link, could lead guests' memory anywhere. */
async function isOurs(place: RamPlace): Promise<boolean> {
  const found = await lstat(place.directory).catch(() => undefined);
  const owners = [process.getuid?.(), (await qemusOf(place)).uid];
  return found?.isDirectory() === true && owners.includes(found.uid);
}

/** Makes the directory, for QEMU and nobody else. False: what is there in its place is not ours, and no guest's memory goes there. */
export async function makeRamDirectory(place: RamPlace = systemRam): Promise<boolean> {
  await mkdir(place.directory, { recursive: true, mode: 0o700 }).catch(() => undefined);
  if (!(await isOurs(place))) return false;
  await likeQemus(place.directory, place);
  await chmod(place.directory, 0o700);
  return true;
}
/** To be opened by QEMU, whoever that runs as. */
export const giveToQemu = (file: string, place: RamPlace = systemRam) => likeQemus(file, place);

/** Removes the images that no domain maps any more and nobody keeps. */
export async function sweepRam(
  connection: Connection,
  keptNow: () => Promise<ReadonlySet<string>>,
  place: RamPlace = systemRam,
): Promise<string[]> {
  const gone: string[] = [];
  const names = (await isOurs(place)) ? await readdir(place.directory).catch(() => []) : [];
  const kept = await keptNow(); // after the names: an image that is being filled was written down before it was made
  for (const name of names) {
    const file = path.posix.join(place.directory, name);
    const uuid = nameOf.exec(name)?.[1];
    if (uuid === undefined || kept.has(file)) continue;
    const found = await findDomain(connection, { uuid });
    if (found !== undefined && found.id >= 0 && (await domainXml(connection, { uuid })).includes(file)) continue;
    await rm(file, { force: true });
    gone.push(name);
  }
  return gone;
}
