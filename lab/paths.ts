import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "./system/error.ts";

const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/**
 * State of all labs of this project, one directory each. `npm test` sets BELAY_LABS to a directory of its own: what it then finds
 * there, and the processes and bridges that name it, are of its tests and nobody else's.
 */
export const labsDir = path.resolve(projectDir, process.env.BELAY_LABS || ".data/lab");
/** Built images, keyed by the hash of their inputs. Survives `down`. */
export const imageCacheDir = path.join(projectDir, ".cache/guest");
/** What was found out about this machine (KVM). */
export const machineCacheDir = path.join(projectDir, ".cache/lab");
/** The lab's own files. */
export const labSourceDir = path.join(projectDir, "lab");

/** One lock for all labs of the machine, whichever project directory they belong to: they share the subnets. */
export const machineLock = "/run/lock/belay-lab.lock";

/** Where hosts see the shared storage and the images, at the same path in every host. */
export const sharedMount = "/srv/belay-shared";
export const imagesMount = "/srv/belay-images";
export const localImages = "/var/lib/libvirt/images";

export interface LabPaths {
  dir: string;
  lock: string;
  state: string;
  hosts: string;
  shared: string;
  guests: string;
  identity: string;
  authorizedKeys: string;
  knownHosts: string;
}

/** Where one lab keeps its things. Refuses names that could leave the directory. */
export function labPaths(name: string): LabPaths {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new LabError(`"${name}" is no lab name`, "use small letters, digits and hyphens, at most 31");
  const dir = path.join(labsDir, name);
  return {
    dir,
    lock: path.join(labsDir, `${name}.lock`),
    state: path.join(dir, "lab.json"),
    hosts: path.join(dir, "hosts"),
    shared: path.join(dir, "shared"),
    guests: path.join(dir, "guests"),
    identity: path.join(dir, "id_ed25519"),
    authorizedKeys: path.join(dir, "authorized_keys"),
    knownHosts: path.join(dir, "known_hosts"),
  };
}

export interface HostPaths {
  dir: string;
  lock: string;
  /** The host's own file system: what is bound over /etc/libvirt, /var/lib/libvirt, /root and so on. */
  files: string;
  /** Identity of the host's PID 1, written by that process itself. */
  run: string;
  /** What was last asked for: power and network cable. */
  wish: string;
  /** There while the watchdog counts. */
  armed: string;
  /** There since the watchdog has reset the host, until it is switched on again. */
  reset: string;
  log: string;
}

export function hostPaths(lab: string, host: string): HostPaths {
  const dir = path.join(labPaths(lab).hosts, host);
  return {
    dir,
    lock: path.join(labPaths(lab).hosts, `${host}.lock`),
    files: path.join(dir, "files"),
    run: path.join(dir, "run.json"),
    wish: path.join(dir, "wish.json"),
    armed: path.join(dir, "watchdog-armed"),
    reset: path.join(dir, "watchdog-reset"),
    log: path.join(dir, "host.log"),
  };
}

/** Makes the directory of all labs; only root may look in, since private keys lie there. */
export function makeLabsDir(): void {
  mkdirSync(labsDir, { recursive: true });
  chmodSync(labsDir, 0o700);
}
