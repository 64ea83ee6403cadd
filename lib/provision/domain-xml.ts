import { create } from "xmlbuilder2";
import type { Image } from "../model/index.ts";

export interface DomainSpec {
  readonly name: string;
  readonly uuid: string;
  readonly memoryMiB: number;
  readonly vcpus?: number;
  /** "kvm" only where it works. */
  readonly type: "kvm" | "qemu";
  /** Which processor a guest of KVM sees: just the host's, or one like it that other hosts have as well (host-model). */
  readonly cpu?: "host-passthrough" | "host-model";
  readonly emulator?: string;
  /** Paths as the host sees them. */
  readonly boot: Image["boot"];
  readonly disk: {
    readonly path: string;
    readonly backing?: { readonly path: string; readonly format: Image["format"] };
  };
  /** A read-only disk with the NoCloud seed. */
  readonly seed: string;
  readonly bridge: string;
  readonly mac: string;
  /** Where the guest's console is written, besides the pty that `virsh console` opens. */
  readonly consoleLog?: string;
  readonly onCrash: "preserve" | "destroy";
}

const bootOf = (boot: Image["boot"]) =>
  boot.kind === "disk"
    ? { boot: { "@dev": "hd" } }
    : { kernel: boot.kernel, initrd: boot.initrd, cmdline: boot.commandLine };

const cpuOf = ({ type, cpu = "host-passthrough" }: DomainSpec) =>
  type === "kvm" ? { "@mode": cpu } : { "@mode": "custom", model: "qemu64" };

const backingOf = ({ backing }: DomainSpec["disk"]) =>
  backing
    ? {
        backingStore: {
          "@type": "file",
          format: { "@type": backing.format },
          source: { "@file": backing.path },
          backingStore: {},
        },
      }
    : {};

/**
 * The libvirt domain of a VM that is made from an image (https://libvirt.org/formatdomain.html): virtio devices, agent channel, panic
 * device. What is not named here is libvirt's default. Pure.
 */
export function domainXml(spec: DomainSpec): string {
  const { disk, seed } = spec;
  const tree = {
    domain: {
      "@type": spec.type,
      name: spec.name,
      uuid: spec.uuid,
      memory: { "@unit": "MiB", "#": spec.memoryMiB },
      // Readable from outside of QEMU: then a checkpoint holds the guest only while it is looked through (lib/checkpoint/agent).
      memoryBacking: { source: { "@type": "memfd" }, access: { "@mode": "shared" } },
      vcpu: spec.vcpus ?? 1,
      os: { type: { "@arch": "x86_64", "@machine": "q35", "#": "hvm" }, ...bootOf(spec.boot) },
      features: { acpi: {}, apic: {} },
      cpu: cpuOf(spec),
      on_poweroff: "destroy",
      on_reboot: "restart",
      on_crash: spec.onCrash,
      devices: {
        emulator: spec.emulator ?? "/usr/bin/qemu-system-x86_64",
        disk: [
          {
            "@type": "file",
            "@device": "disk",
            driver: { "@name": "qemu", "@type": "qcow2", "@discard": "unmap" },
            source: { "@file": disk.path },
            ...backingOf(disk),
            target: { "@dev": "vda", "@bus": "virtio" },
          },
          {
            "@type": "file",
            "@device": "disk",
            driver: { "@name": "qemu", "@type": "raw" },
            source: { "@file": seed },
            target: { "@dev": "vdb", "@bus": "virtio" },
            readonly: {},
          },
        ],
        // No USB: nothing uses it, and finding its controller costs an emulated guest half a second.
        controller: { "@type": "usb", "@model": "none" },
        interface: {
          "@type": "bridge",
          mac: { "@address": spec.mac },
          source: { "@bridge": spec.bridge },
          model: { "@type": "virtio" },
        },
        channel: {
          "@type": "unix",
          target: { "@type": "virtio", "@name": "org.qemu.guest_agent.0" },
        },
        serial: {
          "@type": "pty",
          ...(spec.consoleLog === undefined ? {} : { log: { "@file": spec.consoleLog, "@append": "on" } }),
          target: { "@port": 0 },
        },
        rng: { "@model": "virtio", backend: { "@model": "random", "#": "/dev/urandom" } },
        memballoon: { "@model": "virtio" },
        // 'isa' is QEMU's pvpanic; libvirt 9.0 refuses model='pvpanic' on x86.
        panic: { "@model": "isa" },
      },
    },
  };
  return `${create(tree).end({ prettyPrint: true, headless: true })}\n`;
}
