/**
 * Diagnosis by both parties: what each of them can see, and what follows from the two together (paper, section III-B-1). Published in
 * docs/protocol.md; provider and manager use this same table, so they cannot come to different conclusions from the same views.
 */
import type { Certainty } from "./entities.ts";
import type { Layer } from "./techniques.ts";

/** The provider's view of one VM, without hosts' names. */
export interface ProviderView {
  readonly host: "well" | "suspected" | "dead" | "cut-off" | "unknown";
  readonly vm:
    | "running"
    | "silent"
    | "hung"
    | "unreachable"
    | "paused"
    | "suspended"
    | "crashed"
    | "stopped"
    | "missing"
    | "unknown";
}

/** The customer's view of one VM and its servers, by their own sensors. */
export interface CustomerView {
  /** Whether other VMs of theirs, on other hosts, reach it. */
  readonly reached: "by-all" | "by-some" | "by-none" | "unknown";
  /** The servers' processes inside, by what still answers there. */
  readonly processes: "running" | "some-dead" | "unknown";
  /** Whether the servers do their work. */
  readonly service: "answers" | "fails" | "unknown";
}

export interface JointConclusion {
  /** null: nothing is wrong, or nothing can be said. */
  readonly layer: Layer | null;
  readonly certainty: Certainty;
  /** Why, in a sentence that both parties may read. */
  readonly words: string;
}

/** A condition on one field: one of these; missing: whatever it is. */
type One<V> = { readonly [K in keyof V]?: readonly V[K][] };

/** One row of the published table. The first row that fits both views is the conclusion. */
interface JointRow {
  readonly provider: One<ProviderView>;
  readonly customer: One<CustomerView>;
  readonly conclusion: JointConclusion;
}

const row = (
  provider: One<ProviderView>,
  customer: One<CustomerView>,
  layer: Layer | null,
  certainty: Certainty,
  words: string,
): JointRow => ({ provider, customer, conclusion: { layer, certainty, words } });

const nothingKnown: JointConclusion = {
  layer: null,
  certainty: "unsure",
  words: "Neither the provider nor its owner's sensors know enough.",
};

/** The provider sees the VM itself as down. */
const down: readonly ProviderView["vm"][] = ["stopped", "crashed", "paused", "suspended", "hung", "missing"];
const reachedSome: readonly CustomerView["reached"][] = ["by-all", "by-some"];
const unreached: readonly CustomerView["reached"][] = ["by-none", "unknown"];

/**
 * The table by which provider and customer conclude together. Where the two contradict each other, or neither knows, it says `unsure`, and
 * nothing is reset, switched off or made anew for it.
 */
export const jointTable: readonly JointRow[] = [
  // The host.
  row(
    { host: ["dead"] },
    { service: ["answers"] },
    null,
    "unsure",
    "The provider takes the host under it for dead, and its owner's sensors say that it serves. One of the two is wrong.",
  ),
  row(
    { host: ["dead"] },
    { reached: reachedSome },
    null,
    "unsure",
    "The provider takes the host under it for dead, and other VMs of its owner's reach it. One of the two is wrong.",
  ),
  row({ host: ["dead"] }, {}, "host", "certain", "The host under it failed."),
  row(
    { host: ["suspected"] },
    { service: ["answers"] },
    null,
    "likely",
    "It serves. Its host is overdue for the provider, which looks into that.",
  ),
  row(
    { host: ["suspected"] },
    {},
    null,
    "unsure",
    "Its host is overdue, and the provider is finding out whether it failed.",
  ),
  row(
    { host: ["cut-off"] },
    { service: ["answers"] },
    null,
    "likely",
    "It serves. Only the provider's own way to its host is cut.",
  ),
  row(
    { host: ["cut-off"] },
    { reached: reachedSome, service: ["fails"] },
    "application",
    "likely",
    "Other VMs of its owner's reach it, and its service fails: its servers are to blame. The provider's own way to its host is cut.",
  ),
  row(
    { host: ["cut-off"] },
    { reached: ["by-none"] },
    "host",
    "likely",
    "Neither the provider nor other VMs of its owner's reach anything there: its host is cut off.",
  ),
  row(
    { host: ["cut-off"] },
    {},
    null,
    "unsure",
    "The provider's own way to its host is cut, and its owner's sensors do not settle it.",
  ),

  // The VM, as its hypervisor sees it.
  row(
    { host: ["well"], vm: down },
    { service: ["answers"] },
    null,
    "unsure",
    "The provider sees the VM down, and its owner's sensors say that it serves. One of the two is wrong.",
  ),
  row(
    { host: ["well"], vm: ["hung", "missing"] },
    { reached: reachedSome },
    null,
    "unsure",
    "The provider takes the VM for failed, and other VMs of its owner's reach it. One of the two is wrong.",
  ),
  row(
    { host: ["well"], vm: ["stopped", "crashed", "paused", "suspended"] },
    {},
    "vm",
    "certain",
    "The hypervisor says that the VM does not run.",
  ),
  row(
    { host: ["well"], vm: ["hung"] },
    { reached: ["by-none"] },
    "vm",
    "certain",
    "The guest does nothing, and nobody reaches it: the VM hangs.",
  ),
  row(
    { host: ["well"], vm: ["hung"] },
    { service: ["fails"] },
    "vm",
    "likely",
    "The guest does nothing, and its service fails: the VM hangs.",
  ),
  row(
    { host: ["well"], vm: ["hung"] },
    {},
    "vm",
    "likely",
    "The guest does nothing: the VM hangs, as far as the provider can see.",
  ),
  row(
    { host: ["well"], vm: ["missing"] },
    { reached: ["by-none"] },
    "vm",
    "likely",
    "Its host does not know the VM any more, and nobody reaches it.",
  ),
  row(
    { host: ["well"], vm: ["missing"] },
    {},
    null,
    "unsure",
    "Its host does not know the VM any more. It may run elsewhere.",
  ),

  // The VM is heard of, or not, and its hypervisor calls it well.
  row(
    { host: ["well"], vm: ["unreachable"] },
    { service: ["answers"] },
    null,
    "likely",
    "It serves. Only the provider's question does not reach it.",
  ),
  row(
    { host: ["well"], vm: ["unreachable"] },
    { reached: ["by-none"] },
    "vm",
    "certain",
    "The guest works, and nobody reaches it: its network is cut.",
  ),
  row(
    { host: ["well"], vm: ["unreachable", "silent"] },
    { reached: reachedSome, service: ["fails"] },
    "application",
    "likely",
    "Other VMs of its owner's reach it, and its service fails: its servers are to blame.",
  ),
  row(
    { host: ["well"], vm: ["unreachable"] },
    {},
    null,
    "unsure",
    "The guest works, and the provider's question does not reach it. Its owner's sensors do not settle it.",
  ),
  row(
    { host: ["well"], vm: ["silent"] },
    { service: ["answers"] },
    null,
    "likely",
    "It serves. Only the provider's question is not answered.",
  ),
  row(
    { host: ["well"], vm: ["silent"] },
    { reached: ["by-none"], processes: ["some-dead", "unknown"] },
    "vm",
    "likely",
    "The guest answers nobody: the VM failed.",
  ),
  row(
    { host: ["well"], vm: ["silent"] },
    {},
    null,
    "unsure",
    "The guest does not answer the provider. Its owner's sensors do not settle it.",
  ),

  // The VM is well, as far as the provider can see.
  row(
    { host: ["well"], vm: ["running"] },
    { processes: ["some-dead"], service: ["fails", "unknown"] },
    "application",
    "certain",
    "The VM runs and answers, and processes of its servers are dead.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { processes: ["some-dead"] },
    "application",
    "likely",
    "It serves, and processes of its servers are dead.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { service: ["fails"], reached: ["by-all"] },
    "application",
    "certain",
    "The VM runs and is reached, and its service fails: its servers are to blame.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { service: ["fails"], reached: ["by-some"] },
    "application",
    "likely",
    "The VM runs and is reached by some, and its service fails: its servers are to blame.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { service: ["fails"], reached: ["unknown"] },
    "application",
    "likely",
    "The VM runs and answers the provider, and its service fails: its servers are to blame.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { service: ["fails"], reached: ["by-none"] },
    "vm",
    "likely",
    "The VM runs and answers the provider, and no other VM of its owner's reaches it: its network is cut.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { service: ["answers"], reached: ["by-all", "unknown"] },
    null,
    "certain",
    "Nothing is wrong: the VM answers both, and it serves.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { service: ["answers"] },
    null,
    "unsure",
    "It serves, and not all of its owner's VMs reach it: look at the network between them.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    { reached: ["by-all"] },
    null,
    "likely",
    "Nothing is seen to be wrong: the VM answers both. Whether it serves is not known.",
  ),
  row(
    { host: ["well"], vm: ["running"] },
    {},
    null,
    "unsure",
    "The VM answers the provider. Its owner's sensors say too little.",
  ),

  // The provider does not know.
  row({}, { service: ["answers"] }, null, "likely", "It serves. The provider cannot see it at the moment."),
  row(
    {},
    { reached: reachedSome, processes: ["some-dead"] },
    "application",
    "likely",
    "It is reached, and processes of its servers are dead.",
  ),
  row(
    {},
    { reached: reachedSome, service: ["fails"] },
    "application",
    "likely",
    "It is reached, and its service fails.",
  ),
  row(
    {},
    { reached: unreached },
    null,
    "unsure",
    "The provider cannot see it at the moment, and its owner's sensors do not settle it.",
  ),
  { provider: {}, customer: {}, conclusion: nothingKnown },
];

const fits = <V extends object>(view: V, wanted: One<V>): boolean =>
  Object.entries(wanted).every(
    ([field, values]) =>
      Array.isArray(values) && values.includes(Object.entries(view).find(([name]) => name === field)?.[1]),
  );

/** What follows from the two views together. Pure: both parties conclude the same. */
export const concludeTogether = (provider: ProviderView, customer: CustomerView): JointConclusion =>
  jointTable.find((it) => fits(provider, it.provider) && fits(customer, it.customer))?.conclusion ?? nothingKnown;
