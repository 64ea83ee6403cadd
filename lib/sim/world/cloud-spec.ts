import { z } from "zod";
import { captureMethodNames, type EpochMs, watchdogKinds } from "../../model/index.ts";
import { seededRandom } from "../random.ts";
import { neverRun, started } from "./domain.ts";
import type { SimDomain, SimGuest, SimHelper, SimHost } from "./types.ts";

/** A helper that is well: its board has a watchdog, and its clock is right. */
const helperSpec = z.strictObject({
  watchdog: z.enum(watchdogKinds).default("hardware"),
  watchdogMs: z.int().min(1).default(6000),
  /** How long its second is, in ours. */
  drift: z.number().min(0.99).max(1.01).default(1),
});

/** A cloud as a scenario's `cloud.json` writes it. What is left out is an ordinary small web server, running and well. */
export const cloudSpec = z.strictObject({
  /** Whether a second starter of a disk in use is refused, as QEMU's image locks do. What must never happen must not rest on it. */
  diskLocks: z.boolean().default(true),
  hosts: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/),
        cpus: z.int().min(1).default(8),
        memoryMiB: z.int().min(1).default(16_384),
        /** Whether fault-injection buttons may touch its VMs. */
        faultInjection: z.boolean().default(true),
        rack: z.string().nullable().default(null),
        /** Directories whose files every host that names them sees. */
        sharedPaths: z.array(z.string().startsWith("/")).default([]),
        /** Its power switches, in the order in which they are asked. */
        fence: z
          .array(z.strictObject({ agent: z.string().default("sim-ipmi"), bmcOnHostPower: z.boolean().default(false) }))
          .default([]),
        helper: z.union([z.boolean(), helperSpec]).default(false),
        /** The best way of saving a guest's state that works there; null: none does. */
        capture: z.enum(captureMethodNames).nullable().default("background"),
        vms: z
          .array(
            z.strictObject({
              name: z.string().min(1),
              memoryMiB: z.int().min(1).default(256),
              vcpus: z.int().min(1).default(1),
              bootMs: z.int().min(0).default(4000),
              running: z.boolean().default(true),
              persistent: z.boolean().default(true),
              onCrash: z.enum(["preserve", "destroy"]).default("preserve"),
              autostart: z.boolean().default(false),
              /** Its disk's file. Left out, it lies in the first directory that its host shares, or in one of the host's own. */
              disk: z.string().startsWith("/").optional(),
            }),
          )
          .default([]),
      }),
    )
    .min(1),
});
export type CloudSpec = z.input<typeof cloudSpec>;

/** What `npm start` shows on a machine that cannot run the lab. */
export const demoCloud: CloudSpec = {
  hosts: [1, 2, 3].map((n) => ({ name: `host-${n}`, vms: [{ name: `web-${n}` }] })),
};

const hex = (digits: number, next: () => number) =>
  Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");

/** The same name and seed give the same UUID (version 4 in form), so that a demo's VMs are known again after a restart. */
export function uuidOf(seed: number, name: string): string {
  const { next } = seededRandom(seed, `uuid of ${name}`);
  return `${hex(8, next)}-${hex(4, next)}-4${hex(3, next)}-8${hex(3, next)}-${hex(12, next)}`;
}

function hostKeyOf(seed: number, name: string): string {
  const { next } = seededRandom(seed, `host key of ${name}`);
  return `SHA256:${Buffer.from(hex(64, next), "hex").toString("base64").replace(/=+$/, "")}`;
}

/** The cloud's hosts and guests at `now`: those that run answer already. */
export function build(
  spec: CloudSpec,
  seed: number,
  now: EpochMs,
): { hosts: SimHost[]; guests: SimGuest[]; diskLocks: boolean } {
  const guests: SimGuest[] = [];
  const parsed = cloudSpec.parse(spec);
  const hosts = parsed.hosts.map((it, index): SimHost => {
    const domains = new Map<string, SimDomain>();
    for (const vm of it.vms) {
      const guest: SimGuest = {
        uuid: uuidOf(seed, vm.name),
        name: vm.name,
        address: `198.18.${index + 1}.${domains.size + 10}`,
        bootMs: vm.bootMs,
        onCrash: vm.onCrash,
        diskPath: vm.disk ?? `${it.sharedPaths[0] ?? "/var/lib/libvirt/images"}/${vm.name}.qcow2`,
        home: it.name,
        otherDisks: new Map(),
        work: { boot: 1, doneMs: 0, nextBoot: 2, countedTo: now },
        diskError: null,
        diesAfterMs: null,
        hung: false,
        spins: false,
        unplugged: false,
        startedByPersonAt: null,
        copiedByPersonAt: null,
        counters: null,
        stoppedByPersonAt: null,
      };
      guests.push(guest);
      const { uuid, name } = guest;
      const blank = {
        uuid,
        name,
        memoryMiB: vm.memoryMiB,
        vcpus: vm.vcpus,
        diskPath: guest.diskPath,
        persistent: vm.persistent,
        autostart: vm.autostart,
      };
      const off = neverRun(blank);
      domains.set(uuid, vm.running ? started(off, guest, domains.size + 1, now - vm.bootMs).domain : off);
    }
    return {
      name: it.name,
      uri: `simulated://${it.name}`,
      address: `198.19.${index >> 8}.${index & 255}`,
      rack: it.rack,
      sharedPaths: it.sharedPaths,
      facts: { cpus: it.cpus, memoryMiB: it.memoryMiB, libvirtVersion: "9.0.0", qemuVersion: "7.2.22" },
      faultInjection: it.faultInjection,
      hostKeySha256: hostKeyOf(seed, it.name),
      power: "on",
      readyAt: now,
      mains: "on",
      link: "up",
      cable: "up",
      partedFrom: new Set(),
      switches: it.fence.map(({ agent, bmcOnHostPower }) => ({ agent, onHostPower: bmcOnHostPower, fault: null })),
      capture: it.capture,
      helper: it.helper === false ? null : helperOf(helperSpec.parse(it.helper === true ? {} : it.helper)),
      libvirtd: "up",
      libvirtdBroken: false,
      libvirtdStarts: 1,
      nextRunId: it.vms.length + 1,
      domains,
    };
  });
  return { hosts, guests, diskLocks: parsed.diskLocks };
}

const helperOf = (spec: z.output<typeof helperSpec>): SimHelper => ({
  ...spec,
  ...{ running: true, starts: 0, lease: null, line: null },
});
