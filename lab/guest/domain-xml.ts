import { create } from "xmlbuilder2";

export interface DomainSpec {
  name: string;
  uuid: string;
  memoryMiB: number;
  vcpus?: number;
  /** "kvm" only where a guest was really booted with it. */
  type: "kvm" | "qemu";
  /** Paths as the host sees them. */
  kernel: string;
  initrd: string;
  commandLine: string;
  disk: { path: string; backing?: string };
  /** A read-only disk with the NoCloud seed. */
  seed: string;
  bridge: string;
  mac: string;
  /** Where the guest's console is written, besides the pty that `virsh console` opens. */
  consoleLog: string;
  onCrash: "preserve" | "destroy";
}

/**
 * The libvirt domain of a guest (https://libvirt.org/formatdomain.html): direct kernel boot, virtio devices, agent channel,
 * panic device. What is not named here is libvirt's default.
 */
export function domainXml(spec: DomainSpec): string {
  const { disk, seed } = spec;
  const backing = disk.backing
    ? {
        backingStore: {
          "@type": "file",
          format: { "@type": "qcow2" },
          source: { "@file": disk.backing },
          backingStore: {},
        },
      }
    : {};
  const tree = {
    domain: {
      "@type": spec.type,
      name: spec.name,
      uuid: spec.uuid,
      memory: { "@unit": "MiB", "#": spec.memoryMiB },
      vcpu: spec.vcpus ?? 1,
      os: {
        type: { "@arch": "x86_64", "@machine": "q35", "#": "hvm" },
        kernel: spec.kernel,
        initrd: spec.initrd,
        cmdline: spec.commandLine,
      },
      features: { acpi: {}, apic: {} },
      cpu: spec.type === "kvm" ? { "@mode": "host-passthrough" } : { "@mode": "custom", model: "qemu64" },
      on_poweroff: "destroy",
      on_reboot: "restart",
      on_crash: spec.onCrash,
      devices: {
        emulator: "/usr/bin/qemu-system-x86_64",
        disk: [
          {
            "@type": "file",
            "@device": "disk",
            driver: { "@name": "qemu", "@type": "qcow2", "@discard": "unmap" },
            source: { "@file": disk.path },
            ...backing,
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
        serial: { "@type": "pty", log: { "@file": spec.consoleLog, "@append": "on" }, target: { "@port": 0 } },
        rng: { "@model": "virtio", backend: { "@model": "random", "#": "/dev/urandom" } },
        memballoon: { "@model": "virtio" },
        // 'isa' is QEMU's pvpanic; libvirt 9.0 refuses model='pvpanic' on x86.
        panic: { "@model": "isa" },
      },
    },
  };
  return `${create(tree).end({ prettyPrint: true, headless: true })}\n`;
}
