import { ensureImage } from "./guest/image.ts";
import { boot } from "./host/boot.ts";
import { createHostFiles, ensureLabKey, writeHostSettings } from "./host/files.ts";
import { ensurePeers } from "./host/peers.ts";
import { waitReady } from "./host/ready.ts";
import { applyControl } from "./isolate.ts";
import { authorizeKeys } from "./keys.ts";
import { kvmUsable } from "./kvm.ts";
import { labPaths, machineLock, makeLabsDir } from "./paths.ts";
import { phase } from "./phases.ts";
import { bridgeAlias, type LabRecord, labNames, readRecord, readWish, writeRecord, writeWish } from "./state.ts";
import { readLab } from "./status.ts";
import {
  bridgeName,
  chooseSubnet,
  gatewayOf,
  macAddress,
  maxHosts,
  prefixLength,
  sinkName,
  subnetOf,
} from "./subnet.ts";
import { requireSupport } from "./support.ts";
import { LabError } from "./system/error.ts";
import { withLock } from "./system/lock.ts";
import { ensureBridge, linkAlias, linkIsUp, machineNetworks, removeLink } from "./system/network.ts";
import { defaultLab, type LabState, type LabUpOptions } from "./types.ts";

/**
 * Brings a lab up, or what is missing of it: image, network, hosts. Twice is once; after a crash of an earlier `up` it goes on
 * where that one stopped. A host switched off on purpose stays off unless `powerOn`.
 */
export async function labUp(options: LabUpOptions = {}): Promise<LabState> {
  const { name = defaultLab, onPhase, signal } = options;
  if (
    options.hosts !== undefined &&
    !(Number.isInteger(options.hosts) && options.hosts >= 1 && options.hosts <= maxHosts)
  )
    throw new LabError(`${options.hosts} hosts is not possible`, `choose 1 to ${maxHosts}`);
  requireSupport();
  makeLabsDir();
  const paths = labPaths(name);
  const image = await ensureImage({ ...(onPhase ? { onPhase } : {}), ...(signal ? { signal } : {}) });
  const kvm = await phase("KVM", onPhase, async (say) => {
    const { usable, detail } = await kvmUsable(image);
    say(detail);
    return usable;
  });
  return await withLock(paths.lock, async () => {
    const record = await phase("network", onPhase, async () => await claimNetwork(name, image.hash, kvm));
    await phase("hosts", onPhase, async (say) => {
      const wanted = Math.max(options.hosts ?? (record.hosts.length || 3), record.hosts.length);
      const publicKey = await ensureLabKey(name);
      const keys = await authorizeKeys(name, [publicKey, ...(options.authorize ?? [])]);
      for (let number = record.hosts.length + 1; number <= wanted; number++)
        record.hosts.push(await createHostFiles(name, `host-${number}`, number));
      await writeRecord(record);
      const peers = await ensurePeers(record);
      for (const host of record.hosts) {
        await writeHostSettings(record, host, keys, peers);
        if (options.powerOn) await writeWish(name, host.name, { power: "on" });
      }
      for (const host of record.hosts) await applyControl(record, host);
      const wishes = await Promise.all(record.hosts.map((host) => readWish(name, host.name)));
      const started = record.hosts.filter((_, at) => wishes[at]?.power === "on");
      for (const host of started) await boot(record, host);
      say(`${started.length} of ${record.hosts.length} switched on, waiting for sshd and libvirtd`);
      await Promise.all(started.map((host) => waitReady(record, host, signal)));
      say(`${started.length} of ${record.hosts.length} answer`);
    });
    return await readLab(name);
  });
}

/** The record with its subnet chosen and its bridge in place. Under the machine's lock: other labs choose there, too. */
async function claimNetwork(name: string, image: string, kvm: boolean): Promise<LabRecord> {
  return await withLock(machineLock, async () => {
    const before = await readRecord(name);
    // Where the bridge was removed by hand, routes into our own sink would look like somebody else's use of the subnet.
    if (before && (await linkIsUp(bridgeName(before.index))) === undefined) await removeLink(sinkName(before.index));
    const { taken, links } = await machineNetworks();
    const record = before ? { ...before, image, kvm } : undefined;
    const bridge = record && bridgeName(record.index);
    const ours =
      bridge && links.includes(bridge) ? [undefined, "", bridgeAlias(name)].includes(await linkAlias(bridge)) : false;
    if (record && !ours && chooseSubnet(taken, links, allBut(record.index)) === undefined)
      throw new LabError(
        `${subnetOf(record.index)} of lab "${name}" is now used by something else`,
        `npm run lab -- down --lab ${name}, then up`,
      );
    const index = record?.index ?? chooseSubnet(taken, links, await reservedByOthers(name));
    if (index === undefined)
      throw new LabError("no free /22 is left in 198.18.0.0/15", "take labs down that nobody uses");
    const claimed: LabRecord = record ?? { version: 1, name, index, hosts: [], image, kvm };
    await writeRecord(claimed);
    await ensureBridge({
      name: bridgeName(index),
      address: gatewayOf(index),
      prefixLength,
      mac: macAddress(index, "machine", 0),
      alias: bridgeAlias(name),
    });
    return claimed;
  });
}

const allBut = (index: number) => Array.from({ length: 128 }, (_, at) => at).filter((at) => at !== index);

/** Subnets of this project's other labs, also those whose state was kept while they are down. */
async function reservedByOthers(name: string): Promise<number[]> {
  const others = (await labNames()).filter((other) => other !== name);
  const records = await Promise.all(others.map((other) => readRecord(other).catch(() => undefined)));
  return records.flatMap((record) => record?.index ?? []);
}
