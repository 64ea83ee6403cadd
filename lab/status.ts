import { hostPid } from "./host/boot.ts";
import { labPaths } from "./paths.ts";
import { type HostRecord, hostNetwork, type LabRecord, readWish, requireRecord } from "./state.ts";
import { bridgeName, gatewayOf, subnetOf } from "./subnet.ts";
import { linkIsUp } from "./system/network.ts";
import type { LabHost, LabState } from "./types.ts";

async function hostState(record: LabRecord, host: HostRecord): Promise<LabHost> {
  const { address, link } = hostNetwork(record.index, host.number);
  const [pid, cable, wanted] = await Promise.all([
    hostPid(record.name, host.name),
    linkIsUp(link),
    readWish(record.name, host.name),
  ]);
  return {
    name: host.name,
    address,
    hostKeySha256: host.keySha256,
    power: pid === undefined ? "off" : "on",
    link: cable ? "up" : "down",
    wanted,
    uri: `qemu+ssh://root@${address}/system`,
  };
}

/** The lab as it is now. An error that says how to make one, when there is none of that name. */
export async function readLab(name: string): Promise<LabState> {
  const record = await requireRecord(name);
  return {
    name,
    subnet: subnetOf(record.index),
    gateway: gatewayOf(record.index),
    bridge: bridgeName(record.index),
    identityFile: labPaths(name).identity,
    kvm: record.kvm,
    hosts: await Promise.all(record.hosts.map((host) => hostState(record, host))),
  };
}
