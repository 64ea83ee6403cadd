import {
  type Checkpoint,
  type CheckpointId,
  type CheckpointStatus,
  type Host,
  type HostId,
  hostStandings,
  type Vm,
} from "../../model/index.ts";

/** What is done with a replica now. */
type Doing =
  | { readonly kind: "stands" }
  /** It is brought to `next` as soon as enough others are done. */
  | { readonly kind: "waits"; readonly next: CheckpointId }
  /** It is written to. `next`: a newer one came meanwhile. */
  | { readonly kind: "brought"; readonly next: CheckpointId | undefined }
  /** Its host could not be used meanwhile, or carried the VM itself: it lies in memory, so it may be gone. */
  | { readonly kind: "doubted" }
  | { readonly kind: "asked" }
  /** A VM needs its memory. `gone`: it is being dropped; undefined: as soon as nothing is written to it. */
  | { readonly kind: "gives-way"; readonly gone: Promise<void> | undefined };

export interface Standby {
  readonly uuid: string;
  readonly host: HostId;
  readonly memoryMiB: number;
  doing: Doing;
  /** The checkpoint that it was last brought to; null: none yet, it failed, or it is not known whether it is still there. */
  ready: CheckpointId | null;
  /** Why it is not ready, while it is not. */
  words: string;
}

export const standbyWords = {
  made: "A replica is being made.",
  waits: "A replica of its newest checkpoint is to be made. It waits its turn: those of other VMs come first.",
  brought: "Its replica is being brought to its newest checkpoint.",
  broughtNext: "Its replica is brought to its newest checkpoint when its state is saved the next time.",
  failed: "Its replica could not be brought to its newest checkpoint; it is tried again with the next one.",
  asked: "It is not known yet whether its replica is still there.",
  gone: "Its replica is gone: another is made when its state is saved the next time.",
  gaveWay:
    "Its replica gave way to a VM that needed the room. Where a host has room, a new one is made when its state is saved the next time.",
} as const;

const nothingSaved = "Nothing of it is saved yet that a replica could hold.";
const comes = "A replica is made when its state is saved the next time.";
const noHost = "The host where its replica stands by cannot be used now.";
const consumed = "It runs where its replica stood by. Another is made when its state is saved the next time.";

export const freshStandby = ({ uuid, memoryMiB }: Pick<Vm, "uuid" | "memoryMiB">, host: HostId): Standby => ({
  ...{ uuid, host, memoryMiB, doing: { kind: "stands" }, ready: null, words: standbyWords.made },
});

type Known = Pick<Checkpoint, "id" | "state">;

/** Newest first. A replica that is one checkpoint behind, while it is brought to the newest, counts as ready. */
export const couldHold = <K extends Known>(checkpoints: readonly K[]): readonly K[] =>
  checkpoints.filter((row) => row.state === "valid").slice(0, 2);

const isUsable = (host: Host | undefined): boolean =>
  host?.state === "up" && host.health !== "red" && hostStandings[host.standing].mayStart;

/** Why nothing can be started from it where it is; undefined: nothing speaks against it. */
export const awayFrom = (
  { host }: Pick<Standby, "host">,
  vm: Pick<Vm, "hostId">,
  hosts: ReadonlyMap<HostId, Host>,
): string | undefined => (host === vm.hostId ? consumed : isUsable(hosts.get(host)) ? undefined : noHost);

/** What the VM's owner is told. `none`: why there is no replica, where that is known. */
export function standbyShown(
  it: Standby | undefined,
  none: string | undefined,
  vm: Pick<Vm, "hostId">,
  checkpoints: readonly Known[],
  hosts: ReadonlyMap<HostId, Host>,
): Exclude<CheckpointStatus["standby"], null> {
  const newest = couldHold(checkpoints);
  if (newest.length === 0) return { ready: false, words: nothingSaved };
  if (it === undefined) return { ready: false, words: none ?? comes };
  const away = awayFrom(it, vm, hosts);
  if (away !== undefined) return { ready: false, words: away };
  if (it.doing.kind === "doubted") return { ready: false, words: standbyWords.asked };
  if (newest.some(({ id }) => id === it.ready))
    return { ready: true, words: "A replica of its newest checkpoint stands by on another host." };
  return { ready: false, words: it.words };
}
