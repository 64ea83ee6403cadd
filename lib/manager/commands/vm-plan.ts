import { allocations, isPassing } from "../api/index.ts";
import type { VmSpec } from "../description/index.ts";
import type { Opened } from "../work/index.ts";

type Known = Awaited<ReturnType<typeof allocations>>[number];

interface VmPlanned {
  readonly vm: string;
  /** `changed`: `up` leaves it as it is, for what is on it would be lost. */
  readonly does: "make" | "keep" | "changed";
  readonly words: string;
}

/** What `up` does about each VM, by what the provider has now. */
export async function vmsPlanned(
  work: Pick<Opened, "description" | "records" | "api" | "imageIdOf">,
): Promise<{ readonly provider: "answers" | "away"; readonly vms: readonly VmPlanned[] }> {
  const { description, records, api } = work;
  const known = await allocations(api).catch((error: unknown) => {
    if (isPassing(error)) return undefined;
    throw error;
  });
  const vms = description.vms.map(async (vm): Promise<VmPlanned> => {
    const { allocationId, address } = records.get(vm.name);
    const anew = `${vm.memoryMiB} MiB, image ${vm.image}`;
    if (allocationId === null) return { vm: vm.name, does: "make", words: anew };
    if (known === undefined) return { vm: vm.name, does: "keep", words: address ?? "" };
    const there = known.find(({ id }) => id === allocationId);
    if (there?.state === "asked" || there?.state === "making")
      return { vm: vm.name, does: "make", words: `is being made: ${anew}` };
    if (there?.state !== "running")
      return { vm: vm.name, does: "make", words: `the provider has it no longer: ${anew}` };
    const other = await differences(work, vm, there);
    if (other.length === 0) return { vm: vm.name, does: "keep", words: address ?? "" };
    return { vm: vm.name, does: "changed", words: `has another ${other.join(" and ")}: ${anewBy(vm.name)}` };
  });
  return { provider: known === undefined ? "away" : "answers", vms: await Promise.all(vms) };
}

const anewBy = (vm: string) => `belay-manager repair FILE ${vm} --technique rebuild-vm makes it anew`;

async function differences({ imageIdOf }: Pick<Opened, "imageIdOf">, vm: VmSpec, there: Known) {
  // An image that is there no longer: what was made of it stays.
  const image = await imageIdOf(vm.image).catch(() => there.imageId);
  return [
    ...(there.memoryMiB === vm.memoryMiB ? [] : ["memory"]),
    ...(there.vcpus === vm.vcpus ? [] : ["number of processors"]),
    ...(there.apart === (vm.apart ?? null) ? [] : ["group `apart`"]),
    ...(there.imageId === image ? [] : ["image"]),
  ];
}
