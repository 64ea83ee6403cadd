import { applicationId, incidentId, messageId, organizationId, repairId, vmId } from "../../lib/contract/index.ts";

/** Ids of the kit's own world: made in order, so that a log can be read. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

export function idSource(seed: number) {
  let count = 0;
  const next = (): string => {
    let text = "";
    let left = seed * 1_000_000 + ++count;
    for (let n = 0; n < 20; n++) {
      text = (alphabet[left % 32] ?? "0") + text;
      left = Math.floor(left / 32);
    }
    return text;
  };
  return {
    message: () => messageId.parse(`msg_${next()}`),
    incident: () => incidentId.parse(`inc_${next()}`),
    repair: () => repairId.parse(`rep_${next()}`),
  };
}

const fixed = (n: number) => `c0nf0rmancec0nf0rm0${n}`.replaceAll("o", "0").slice(0, 20).padEnd(20, "0");
export const vms = {
  one: { id: vmId.parse(`vm_${fixed(1)}`), name: "vm-1" },
  two: { id: vmId.parse(`vm_${fixed(2)}`), name: "vm-2" },
};
export const application = { id: applicationId.parse(`app_${fixed(1)}`), name: "conformance" };
export const organization = organizationId.parse(`org_${fixed(1)}`);
