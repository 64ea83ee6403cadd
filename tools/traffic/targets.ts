import { BlockList, isIPv4 } from "node:net";
import type { CloudView, VmView } from "../../lib/contract/index.ts";

/** Where requests may go: this machine itself, and the range that is nobody's (RFC 2544), which the lab uses. */
const allowed = new BlockList();
allowed.addSubnet("127.0.0.0", 8, "ipv4");
allowed.addAddress("::1", "ipv6");
allowed.addSubnet("198.18.0.0", 15, "ipv4");

/** True only for an address, never for a name: a name may lead anywhere. */
export const mayBeAsked = (address: string): boolean =>
  isIPv4(address) ? allowed.check(address, "ipv4") : address === "::1";

export interface Target {
  readonly vm: string;
  readonly address: string;
  readonly port: number;
}

export interface Application {
  readonly id: CloudView["applications"][number]["id"];
  readonly name: string;
  readonly targets: readonly Target[];
}

const targetOf = ({ name, answerCheck: check }: VmView): Target | undefined =>
  check.kind === "tcp" ? { vm: name, address: check.address, port: check.port } : undefined;

/** The applications whose VMs answer TCP, and the targets that were refused. */
export function targetsOf(cloud: CloudView): { applications: Application[]; refused: Target[] } {
  const refused: Target[] = [];
  const applications = cloud.applications.flatMap(({ id, name }) => {
    const all = cloud.vms.filter((vm) => vm.applicationId === id).flatMap((vm) => targetOf(vm) ?? []);
    const targets = all.filter(({ address }) => mayBeAsked(address));
    refused.push(...all.filter((target) => !targets.includes(target)));
    return targets.length === 0 ? [] : [{ id, name, targets }];
  });
  return { applications, refused };
}
