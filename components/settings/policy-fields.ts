import type { PolicyView } from "../../lib/contract/index.ts";

/** What of the policy is a number, and set in a field of its own. */
export type PolicyNumber = {
  [Name in keyof PolicyView]: PolicyView[Name] extends number ? Name : never;
}[keyof PolicyView];

export interface PolicyField {
  readonly name: PolicyNumber;
  readonly label: string;
  readonly words: string;
  /** How many of the policy's own units are one of what people type: 1000 where they type seconds. */
  readonly unit: number;
  readonly decimals: boolean;
}

export const policyFields: readonly PolicyField[] = [
  {
    name: "cpuOvercommit",
    label: "Virtual CPUs per real CPU",
    words: "How many virtual CPUs a host may carry for each of its own.",
    unit: 1,
    decimals: true,
  },
  {
    name: "memoryOvercommit",
    label: "Memory overcommit",
    words: "1 gives out what there is, and no more.",
    unit: 1,
    decimals: true,
  },
  {
    name: "reserveMiB",
    label: "Memory kept free per host, MiB",
    words: "For the hypervisor itself.",
    unit: 1,
    decimals: false,
  },
  {
    name: "tolerateHosts",
    label: "Hosts to tolerate",
    words: "A warning is shown when the VMs would not fit once so many hosts are lost.",
    unit: 1,
    decimals: false,
  },
  {
    name: "stormPercent",
    label: "Storm guard, percent of hosts",
    words: "More hosts than this lost at once, and more than one: Belay holds back and asks.",
    unit: 1,
    decimals: true,
  },
  {
    name: "stormWindowMs",
    label: "Storm guard, seconds",
    words: "What counts as at once.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "parallelStarts",
    label: "Starts at once per host",
    words: "How many VMs of a lost host one other host starts at the same time.",
    unit: 1,
    decimals: false,
  },
  {
    name: "leaseMs",
    label: "Lease, seconds",
    words: "A host that is cut off stops its guests before its lease ends.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "leaseMarginMs",
    label: "Lease margin, seconds",
    words: "Added to each lease: what clocks may differ by, and the time to stop guests.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "fenceTestEveryMs",
    label: "Test of switches, seconds",
    words: "How often each is asked. A host whose switches were not tested for twice as long is not protected.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "checkpointLeastMs",
    label: "Shortest interval of checkpoints, seconds",
    words: "Customers choose between this and the longest. 1 second at the least.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "checkpointMostMs",
    label: "Longest interval of checkpoints, seconds",
    words: "86400 seconds, a day, at the most.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "capturesPerHost",
    label: "Captures at once per host",
    words: "How many VMs of a host are saved at the same time. The others wait their turn.",
    unit: 1,
    decimals: false,
  },
  {
    name: "checkpointsKept",
    label: "Checkpoints kept per VM",
    words: "At least two, so that an older one is there if the newest is damaged. Those that people keep come on top.",
    unit: 1,
    decimals: false,
  },
  {
    name: "answerMostMs",
    label: "Longest wait for a customer's answer, seconds",
    words: "What customers may agree on at most, where both repair together.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "finishMostMs",
    label: "Longest time for a customer's part, seconds",
    words: "From the moment the VM is back until their manager has finished.",
    unit: 1000,
    decimals: true,
  },
  {
    name: "customerMostVms",
    label: "VMs that one customer may allocate",
    words: "Counted are those that Belay made for them.",
    unit: 1,
    decimals: false,
  },
  {
    name: "customerMostMiB",
    label: "Memory that one customer may allocate, MiB",
    words: "Of all those VMs together.",
    unit: 1,
    decimals: false,
  },
];
