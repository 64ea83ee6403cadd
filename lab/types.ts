import type { OnPhase } from "./phases.ts";

/** The lab that `npm start` and the commands use when none is named. */
export const defaultLab = "belay";

/** One lab as it is now: what was recorded, with power and cable read from the machine. */
export interface LabState {
  name: string;
  /** "198.18.68.0/22" */
  subnet: string;
  /** The machine's own address on the lab's network. */
  gateway: string;
  /** Name of the lab's bridge on the machine. */
  bridge: string;
  /** Private key that opens every host and guest, as root. */
  identityFile: string;
  /** KVM or emulation (TCG). */
  kvm: boolean;
  hosts: LabHost[];
}

export interface LabHost {
  name: string;
  address: string;
  /** "SHA256:…" as `ssh-keygen -l` prints it. */
  hostKeySha256: string;
  power: "on" | "off";
  /** Why it is off, when it is: as asked for, by its watchdog, or by itself. */
  offBecause: "asked" | "watchdog" | "died" | null;
  /** Its network cable; a host that is off has none. */
  link: "up" | "down";
  /** Isolated: the machine itself (the control plane) and the host do not hear each other; all others do. */
  control: "open" | "isolated";
  /** Dark: its fence agent gets no answer. */
  bmc: "lit" | "dark";
  /** Armed: it resets the host unless something on it goes on feeding it. */
  watchdog: "idle" | "armed";
  /** Whether its libvirtd runs; guests run without one, too. */
  libvirtd: "on" | "off";
  /** What was asked for last. `power` differs from it when the host died by itself. */
  wanted: { power: "on" | "off"; link: "up" | "down"; control: "open" | "isolated"; bmc: "lit" | "dark" };
  /** "qemu+ssh://root@ADDRESS/system" */
  uri: string;
}

export interface LabUpOptions {
  name?: string;
  /** How many hosts, 1 to 32; 3 for a new lab, unchanged for one that is there. Never takes a host away. */
  hosts?: number;
  /** Lines of public keys that may log in as root on every host, besides the lab's own. */
  authorize?: string[];
  /** Start hosts, too, that were switched off on purpose. */
  powerOn?: boolean;
  onPhase?: OnPhase;
  signal?: AbortSignal;
}
