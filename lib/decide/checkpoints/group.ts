import { type Checkpoint, type CheckpointId, parseId, techniques, type Vm, type VmId } from "../../model/index.ts";
import { consentRefusal } from "../placement/relocation.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
/** So many characters at the end of an id tell the VMs of one instant apart. */
const endLength = 3;

/**
 * Checkpoints of one capture of a group have one name but for its end. So it is known which belong together wherever their bytes are, also
 * where Belay died before all of them were written down. Captures of one millisecond share it by chance once in 2^35.
 */
export function idsOfGroup(first: CheckpointId, count: number): CheckpointId[] {
  return Array.from({ length: count }, (_, index) => {
    let end = "";
    for (let rest = index, digit = 0; digit < endLength; digit++, rest = Math.floor(rest / alphabet.length))
      end = (alphabet[rest % alphabet.length] ?? "0") + end;
    const id = parseId("ckp", instantOf(first) + end);
    if (id === undefined || index >= alphabet.length ** endLength)
      throw new Error(`A group of ${count} VMs is too large.`);
    return id;
  });
}

/** What the checkpoints of one capture have in common. */
export const instantOf = (id: CheckpointId): string => id.slice(0, -endLength);

/** What is asked of a VM whether its group may go back. */
export interface GroupMember {
  readonly vm: Pick<Vm, "consent" | "rollbackIntolerant" | "wanted">;
  /** undefined: nothing of it is saved by itself. */
  readonly everyMs: number | undefined;
}

/** Why the VMs of a group are not taken back together, for any of their owners; undefined: nothing that was chosen speaks against it. */
export function groupRefusal(members: readonly GroupMember[]): string | undefined {
  const { needsConsent } = techniques["group-restore"];
  for (const { vm, everyMs } of members) {
    if (vm.rollbackIntolerant) return "One of its VMs must never go back to an older state.";
    if (consentRefusal(vm.consent, needsConsent) !== undefined)
      return `One of its VMs allows "${vm.consent}" alone, and this needs "${needsConsent}" of each.`;
    if (everyMs === undefined) return "One of its VMs is not saved.";
    if (vm.wanted === "stopped") return "One of its VMs is wanted stopped.";
  }
  return undefined;
}

/** For each VM of a group of more than one why it does not go back with it, where that is so. */
export function groupRefusals(
  vms: Iterable<Pick<Vm, "id" | "organizationId" | "checkpointGroup" | "consent" | "rollbackIntolerant" | "wanted">>,
  intervals: ReadonlyMap<VmId, number>,
): ReadonlyMap<VmId, string> {
  const groups = new Map<string, (GroupMember & { readonly id: VmId })[]>();
  for (const vm of vms) {
    if (vm.checkpointGroup === null) continue;
    const key = groupKey(vm);
    const known = groups.get(key) ?? [];
    known.push({ id: vm.id, vm, everyMs: intervals.get(vm.id) });
    groups.set(key, known);
  }
  const refusals = new Map<VmId, string>();
  for (const members of groups.values()) {
    const words = members.length > 1 ? groupRefusal(members) : undefined;
    for (const { id } of words === undefined ? [] : members) if (words !== undefined) refusals.set(id, words);
  }
  return refusals;
}

/** Groups are an owner's own. */
export const groupKey = ({ organizationId, checkpointGroup }: Pick<Vm, "organizationId" | "checkpointGroup">): string =>
  `${organizationId ?? ""}/${checkpointGroup}`;

type Known = Pick<Checkpoint, "id" | "at" | "state">;

/** Of a VM's checkpoints, in their order, those of whose instant every other VM of its group has a whole one too. */
export function commonInstants<C extends Known>(own: readonly C[], others: readonly (readonly Known[])[]): C[] {
  const theirs = others.map((all) => new Set(all.flatMap((it) => (it.state === "valid" ? [instantOf(it.id)] : []))));
  return own.filter((it) => it.state === "valid" && theirs.every((all) => all.has(instantOf(it.id))));
}
