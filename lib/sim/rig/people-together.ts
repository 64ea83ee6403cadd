import { z } from "zod";
import { defaultAgreement, fallbacks, protectionModeNames, type Vm } from "../../model/index.ts";
import { uuidOf } from "../world/cloud-spec.ts";
import type { People } from "./people.ts";

const fallbackNames = Object.keys(fallbacks) as [keyof typeof fallbacks, ...(keyof typeof fallbacks)[]];
const key = z.string().min(1);

/** What owners and the provider choose so that they repair together, and VMs that are made and given back. */
export const togetherActions = [
  /** One owner, with one application, of all these VMs. */
  z.strictObject({
    do: z.literal("application"),
    name: z.string().min(1),
    vms: z.array(z.string()),
    mode: z.enum(protectionModeNames).default("collaborative"),
    answerWithinMs: z.int().min(1).default(defaultAgreement.answerWithinMs),
    finishWithinMs: z.int().min(1).default(60_000),
    fallback: z.enum(fallbackNames).default("own-disk"),
  }),
  z.strictObject({ do: z.literal("put-image"), name: z.string().min(1), path: z.string().startsWith("/") }),
  z.strictObject({ do: z.literal("guest-network"), from: z.string(), to: z.string() }),
  z.strictObject({
    ...{ do: z.literal("allocate"), key, name: z.string().min(1), application: z.string(), image: z.string() },
    ...{ memoryMiB: z.int().min(1).default(256), vcpus: z.int().min(1).default(1) },
    apart: z.string().nullable().default(null),
  }),
  z.strictObject({ do: z.literal("made-from"), made: z.string(), image: z.string() }),
  z.strictObject({ do: z.literal("free"), made: z.string() }),
] as const;
type TogetherAction = z.infer<(typeof togetherActions)[number]>;
const names = new Set<string>(togetherActions.map((it) => it.shape.do.value));
export const isTogetherAction = (it: { readonly do: string }): it is TogetherAction => names.has(it.do);

/** The sentence for it, or undefined where there is nothing to ask. */
export async function askTogether(people: People, action: TogetherAction): Promise<string | undefined> {
  const { store, ids, by, now } = people;
  const { service, tables } = store;
  const vms = (): Vm[] => [...tables.vms.values()].flatMap((row) => (row.removed ? [] : [row.vm]));
  const vmNamed = (name: string) => vms().find((it) => it.name === name);
  const imageNamed = (name: string) => [...tables.images.values()].find((it) => it.name === name);
  switch (action.do) {
    case "application": {
      const organization = { id: ids.next("org"), name: `Owner of ${action.name}`, role: "customer" } as const;
      await service.createOrganization(organization, by, now());
      const { name, mode, answerWithinMs, finishWithinMs, fallback } = action;
      const id = ids.next("app");
      const agreement = { answerWithinMs, finishWithinMs, fallback };
      await service.createApplication(
        { ...{ id, organizationId: organization.id, name, mode, checkpointEveryMs: null, agreement } },
        by,
        now(),
      );
      for (const one of action.vms) {
        const vm = vmNamed(one);
        if (vm) await service.changeVm(vm.id, { applicationId: id }, by, now());
      }
      return `${name} is an application of one owner: ${action.vms.join(", ") || "no VMs yet"}; ${mode}.`;
    }
    case "put-image": {
      const { name, path } = action;
      const image = {
        ...{ id: imageNamed(name)?.id ?? ids.next("img"), name, path, sha256: "0".repeat(64), sizeBytes: 2 ** 30 },
        ...({ format: "qcow2", boot: { kind: "disk" }, words: "A system and nothing else." } as const),
      };
      await service.putImage(image, by, now());
      return `${by.name} offers the image ${name}.`;
    }
    case "guest-network": {
      const { from, to } = action;
      const network = { bridge: "br-guests", from, to, prefixLength: 24, gateway: from.replace(/\d+$/, "254") };
      await service.changePolicy({ network }, by, now());
      return `${by.name} gives addresses from ${from} to ${to}.`;
    }
    case "allocate": {
      const application = [...tables.applications.values()].find((it) => it.name === action.application);
      const image = imageNamed(action.image);
      if (!application || !image) return undefined;
      const { name, memoryMiB, vcpus, apart } = action;
      await service.askAllocation(
        {
          ...{ id: ids.next("alc"), organizationId: application.organizationId, applicationId: application.id },
          ...{ imageId: image.id, name, memoryMiB, vcpus, apart, sshKeys: [], askedAt: now() },
          uuid: uuidOf(1, `${name} ${action.key}`),
        },
        action.key,
        by,
        now(),
      );
      return `The owner of ${action.application} asks for a VM ${name} from the image ${image.name}.`;
    }
    case "made-from": {
      const [vm, image] = [vmNamed(action.made), imageNamed(action.image)];
      if (!vm || !image) return undefined;
      await service.setImageOf(vm.id, image.id, by, now());
      return `${vm.name} is known to be made from the image ${image.name}.`;
    }
    case "free": {
      const vm = vmNamed(action.made);
      if (!vm) return undefined;
      await service.askFree(vm.id, by, now());
      return `The owner of ${vm.name} gives it back.`;
    }
  }
}
