import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostPid } from "./host/boot.ts";
import { hostPaths, labPaths } from "./paths.ts";
import { type HostRecord, hostNetwork, type LabRecord, readWish, requireRecord } from "./state.ts";
import { bridgeName, gatewayOf, subnetOf } from "./subnet.ts";
import { linkIsUp } from "./system/network.ts";
import { isSunk } from "./system/sink.ts";
import type { LabHost, LabState } from "./types.ts";

function whyOff(lab: string, host: string, wanted: "on" | "off"): LabHost["offBecause"] {
  if (existsSync(hostPaths(lab, host).reset)) return "watchdog";
  return wanted === "on" ? "died" : "asked";
}

/** Looked up in the host's own /run and /proc, from outside and without starting a program. */
async function libvirtdRuns(init: number): Promise<boolean> {
  const root = `/proc/${init}/root`;
  const pid = (await readFile(`${root}/run/libvirtd.pid`, "utf8").catch(() => "")).trim();
  if (!/^\d+$/.test(pid)) return false;
  return (await readFile(`${root}/proc/${pid}/comm`, "utf8").catch(() => "")).trim() === "libvirtd";
}

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
    offBecause: pid === undefined ? whyOff(record.name, host.name, wanted.power) : null,
    link: cable ? "up" : "down",
    control: isolated ? "isolated" : "open",
    bmc: wanted.bmc,
    watchdog: pid !== undefined && existsSync(hostPaths(record.name, host.name).armed) ? "armed" : "idle",
    libvirtd: pid !== undefined && (await libvirtdRuns(pid)) ? "on" : "off",
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
