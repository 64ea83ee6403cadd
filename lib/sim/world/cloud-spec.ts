import { z } from "zod";
import type { EpochMs } from "../../model/index.ts";
import { seededRandom } from "../random.ts";
import { neverRun, started } from "./domain.ts";
import type { SimDomain, SimGuest, SimHost } from "./types.ts";

/** A cloud as a scenario's `cloud.json` writes it. What is left out is an ordinary small web server, running and well. */
export const cloudSpec = z.strictObject({
  hosts: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/),
        cpus: z.int().min(1).default(8),
        memoryMiB: z.int().min(1).default(16_384),
        /** Whether fault-injection buttons may touch its VMs. */
        faultInjection: z.boolean().default(true),
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
export function build(spec: CloudSpec, seed: number, now: EpochMs): { hosts: SimHost[]; guests: SimGuest[] } {
  const guests: SimGuest[] = [];
  const hosts = cloudSpec.parse(spec).hosts.map((it, index): SimHost => {
    const domains = new Map<string, SimDomain>();
    for (const vm of it.vms) {
      const guest: SimGuest = {
        uuid: uuidOf(seed, vm.name),
        name: vm.name,
        address: `198.18.${index + 1}.${domains.size + 10}`,
        bootMs: vm.bootMs,
        onCrash: vm.onCrash,
        diskError: null,
        diesAfterMs: null,
        hung: false,
        stoppedByPersonAt: null,
      };
      guests.push(guest);
      const { uuid, name } = guest;
      const blank = { uuid, name, memoryMiB: vm.memoryMiB, vcpus: vm.vcpus, persistent: vm.persistent };
      const off = neverRun(blank);
      domains.set(uuid, vm.running ? started(off, guest, domains.size + 1, now - vm.bootMs).domain : off);
    }
    return {
      name: it.name,
      uri: `simulated://${it.name}`,
      facts: { cpus: it.cpus, memoryMiB: it.memoryMiB, libvirtVersion: "9.0.0", qemuVersion: "7.2.22" },
      faultInjection: it.faultInjection,
      hostKeySha256: hostKeyOf(seed, it.name),
      power: "on",
      readyAt: now,
      link: "up",
      libvirtd: "up",
      libvirtdStarts: 1,
      nextRunId: it.vms.length + 1,
      domains,
    };
  });
  return { hosts, guests };
}
