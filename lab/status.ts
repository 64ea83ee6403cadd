import { hostPid } from "./host/boot.ts";
import { labPaths } from "./paths.ts";
import { type HostRecord, hostNetwork, type LabRecord, readWish, requireRecord } from "./state.ts";
import { bridgeName, gatewayOf, subnetOf } from "./subnet.ts";
import { linkIsUp } from "./system/network.ts";
import { isSunk } from "./system/sink.ts";
import type { LabHost, LabState } from "./types.ts";

async function hostState(record: LabRecord, host: HostRecord): Promise<LabHost> {
  const { address, link, sink } = hostNetwork(record.index, host.number);
  const [pid, cable, isolated, wanted] = await Promise.all([
    hostPid(record.name, host.name),
    linkIsUp(link),
    isSunk(sink, address),
    readWish(record.name, host.name),
  ]);
  return {
    name: host.name,
    address,
    hostKeySha256: host.keySha256,
    power: pid === undefined ? "off" : "on",
    link: cable ? "up" : "down",
    control: isolated ? "isolated" : "open",
    bmc: wanted.bmc,
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
