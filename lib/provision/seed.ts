import { isoImage } from "./iso9660.ts";

export interface Seed {
  /** Changes when the guest becomes another one: its SSH host key is made anew then. */
  instanceId: string;
  hostName: string;
  address: string;
  prefixLength: number;
  gateway: string;
  mac: string;
  authorizedKeys: readonly string[];
}

/**
 * The three files of a NoCloud seed (cloud-init's documentation, datasource NoCloud, network config version 2). Pure. Values
 * that could break out of their line are refused: the files are YAML, written plainly because their reader is a small one.
 */
export function seedFiles(seed: Seed): Array<{ name: string; content: string }> {
  for (const value of [seed.instanceId, seed.hostName, seed.address, seed.gateway, seed.mac, ...seed.authorizedKeys])
    if (!/^[\x20-\x7e]+$/.test(value) || /[:#] |[#"'[\]{}]/.test(value))
      throw new RangeError(`"${value}" cannot stand in a seed`);
  const keys = seed.authorizedKeys.map((key) => `  - ${key}\n`).join("");
  return [
    { name: "meta-data", content: `instance-id: ${seed.instanceId}\nlocal-hostname: ${seed.hostName}\n` },
    { name: "user-data", content: `#cloud-config\nhostname: ${seed.hostName}\nssh_authorized_keys:\n${keys}` },
    {
      name: "network-config",
      content: [
        "version: 2",
        "ethernets:",
        "  eth0:",
        "    match:",
        `      macaddress: "${seed.mac}"`,
        "    set-name: eth0",
        "    addresses:",
        `      - ${seed.address}/${seed.prefixLength}`,
        "    routes:",
        "      - to: default",
        `        via: ${seed.gateway}`,
        "",
      ].join("\n"),
    },
  ];
}

/** The seed as a disk labelled `cidata`. */
export const seedDisk = (seed: Seed): Buffer => isoImage("cidata", seedFiles(seed));
