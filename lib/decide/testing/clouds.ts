import {
  type CheckpointId,
  defaultPolicy,
  freshHost,
  freshVm,
  type Host,
  type HostId,
  type Id,
  type IdKind,
  type OrganizationId,
  parseId,
  type Vm,
  type VmId,
} from "../../model/index.ts";

const at = 1_000_000;
const numbered = <K extends IdKind>(kind: K, n: number): Id<K> => {
  const id = parseId(kind, `${kind}_${String(n).padStart(20, "0")}`);
  if (id === undefined) throw new Error(`not an id: ${kind} ${n}`);
  return id;
};
export const hostNumber = (n: number): HostId => numbered("hst", n);
export const organizationNumber = (n: number): OrganizationId => numbered("org", n);
export const checkpointNumber = (n: number): CheckpointId => numbered("ckp", n);
export const vmNumber = (n: number): VmId => numbered("vm", n);

/** host-N: 8 CPUs, 8 GiB, in use, with the same files as the others. */
export const aHost = (n: number, over: Partial<Host> = {}): Host => ({
  ...freshHost,
  id: hostNumber(n),
  name: `host-${n}`,
  uri: `simulated://host-${n}`,
  hostKeySha256: "SHA256:x",
  state: "up",
  stateSince: at,
  stateWords: null,
  cpus: 8,
  memoryMiB: 8192,
  libvirtVersion: "11.3.0",
  qemuVersion: "10.0.0",
  faultInjection: false,
  enrolledAt: at,
  sharedPaths: ["/shared"],
  ...over,
});

/** vm-N: 1 CPU, 1 GiB, runs on the given host from a shared disk; its owner allows that it is moved. */
export const aVm = (n: number, host: HostId, over: Partial<Vm> = {}): Vm => ({
  ...freshVm,
  id: vmNumber(n),
  hostId: host,
  organizationId: null,
  applicationId: null,
  imageId: null,
  name: `vm-${n}`,
  uuid: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  memoryMiB: 1024,
  vcpus: 1,
  wanted: "running",
  state: "running",
  reason: "none",
  stateSince: at,
  runId: 1,
  persistent: true,
  answerCheck: { kind: "agent" },
  consent: "relocate",
  diskPaths: [`/shared/vm-${n}.qcow2`],
  ...over,
});

export const aCloud = (
  hosts: readonly Host[],
  vms: readonly Vm[],
  policy: Partial<typeof defaultPolicy> = {},
): { policy: typeof defaultPolicy; hosts: readonly Host[]; vms: readonly Vm[] } => ({
  policy: { ...defaultPolicy, reserveMiB: 0, ...policy },
  hosts,
  vms,
});
