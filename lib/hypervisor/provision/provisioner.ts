import path from "node:path";
import { HypervisorRefused, type Provisioner } from "../../engine/ports.ts";
import {
  defineDomain,
  destroyDomain,
  findDomain,
  isNoDomain,
  isOperationInvalid,
  undefineDomain,
} from "../../libvirt/index.ts";
import { allocationFiles, domainXml, fileStem, macOf, renewedDisk, seedDisk } from "../../provision/index.ts";
import { diskPathsOf, withGeneration } from "../definition.ts";
import { asking } from "../errors.ts";
import type { HostLinks } from "../links.ts";
import { hostShell } from "../shell.ts";
import { checkImage } from "./check-image.ts";
import { firstDiskOf, withFirstDisk } from "./first-disk.ts";
import { machineOf } from "./machine.ts";
import { runScript } from "./on-host.ts";
import { makeOverlay, placeSeed, removeFiles, removeOlderDisks } from "./scripts.ts";

type Make = Provisioner["make"];
type RenewDisk = Provisioner["renewDisk"];

/** It was Belay that made it: what libvirt keeps of it goes with it, variables of UEFI as well. */
const undefineFlags = { managedSave: true, snapshotsMetadata: true, checkpointsMetadata: true, nvram: true };

const orRefused = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new HypervisorRefused(`${error.message}.`, { cause: error });
    throw error;
  }
};

/** VMs from images on real hosts: disks as overlays by qemu-img over SSH, definitions by libvirt. Each act looks first, and may be done twice. */
export function createProvisioner(links: HostLinks): Provisioner {
  const shell = hostShell(links);

  async function make(...[host, allocation, image, network, directory]: Parameters<Make>) {
    const connection = links.of(host).connection();
    const { uuid, name, address, memoryMiB, vcpus } = allocation;
    if (await findDomain(connection, { uuid })) return { words: `${name} is defined there already.` };
    await checkImage(shell, host, image);
    const files = orRefused(() => allocationFiles(directory, uuid));
    const mac = macOf(uuid);
    const { prefixLength, gateway, bridge } = network;
    const seed = orRefused(() =>
      seedDisk({
        ...{ instanceId: uuid, hostName: name, address, prefixLength, gateway, mac },
        authorizedKeys: allocation.sshKeys,
      }),
    );
    const machine = await machineOf(connection);
    await runScript(shell, host, makeOverlay, [files.disk, image.path, image.format]);
    await runScript(shell, host, placeSeed, [files.seed], seed);
    const xml = domainXml({
      ...{ name, uuid, memoryMiB, vcpus, bridge, mac, ...machine },
      cpu: "host-model",
      boot: image.boot,
      disk: { path: files.disk, backing: { path: image.path, format: image.format } },
      seed: files.seed,
      onCrash: "preserve",
    });
    await defineDomain(connection, withGeneration(xml, 0));
    return { words: `${name} was made from the image ${image.name}.` };
  }

  async function remove(...[host, uuid, directory]: Parameters<Provisioner["remove"]>) {
    const connection = links.of(host).connection();
    const gone = (error: unknown) => {
      if (!isNoDomain(error) && !isOperationInvalid(error)) throw error;
    };
    await destroyDomain(connection, { uuid }).catch(gone);
    await undefineDomain(connection, { uuid }, undefineFlags).catch(gone);
    // Its files go last: as long as libvirt knows it, somebody could start it.
    if (await findDomain(connection, { uuid })) throw new HypervisorRefused("It is still there after it was removed.");
    const stem = orRefused(() => fileStem(uuid));
    const removed = (await runScript(shell, host, removeFiles, [directory, stem])).split("\n").filter(Boolean);
    return {
      words:
        removed.length > 0 ? `It was removed, with ${removed.length} files.` : "It was removed; its files were gone.",
    };
  }

  async function renewDisk(...[host, vm, definition, image, label]: Parameters<RenewDisk>): ReturnType<RenewDisk> {
    const present = firstDiskOf(definition);
    const directory = path.posix.dirname(present);
    const fresh = orRefused(() => renewedDisk(directory, vm.uuid, label));
    const here = await findDomain(links.of(host).connection(), { uuid: vm.uuid });
    if (here && here.id >= 0) throw new HypervisorRefused(`${vm.name} runs, so its disk was left as it is.`);
    await checkImage(shell, host, image);
    const done = await runScript(shell, host, makeOverlay, [fresh, image.path, image.format]);
    const xml = withFirstDisk(definition, fresh, image);
    return {
      definition: xml,
      diskPaths: diskPathsOf(xml),
      words: done === "there" ? "The fresh disk is there." : `A fresh disk was made from the image ${image.name}.`,
    };
  }

  async function olderDisks(...[host, vm, keep]: Parameters<Provisioner["removeOlderDisks"]>) {
    const stem = orRefused(() => fileStem(vm.uuid));
    const present = keep.find((file) => path.posix.basename(file).startsWith(`${stem}-`) && file.endsWith(".qcow2"));
    if (present === undefined) return { words: "It runs from no disk that was made for it anew." };
    const args = [path.posix.dirname(present), stem, present, ...keep];
    const removed = (await runScript(shell, host, removeOlderDisks, args)).split("\n").filter(Boolean);
    return { words: removed.length > 0 ? `Older disks were removed: ${removed.length}.` : "It had no older disks." };
  }

  return {
    removeOlderDisks: (...args) => asking(() => olderDisks(...args)),
    make: (...args) => asking(() => make(...args)),
    remove: (...args) => asking(() => remove(...args)),
    renewDisk: (...args) => asking(() => renewDisk(...args)),
  };
}
