import { consentCovers, type Image, type Vm } from "../../model/index.ts";
import type { EngineStore } from "../ports.ts";

/** The image that the VM may be made anew from, as far as its owner allows that; undefined where there is none. */
export async function imageFor(
  { store }: { readonly store: Pick<EngineStore, "image"> },
  vm: Pick<Vm, "imageId" | "consent">,
): Promise<Image | undefined> {
  return vm.imageId === null || !consentCovers(vm.consent, "recreate") ? undefined : store.image(vm.imageId);
}

/** Files that a host must see to carry a VM of this image. */
export const filesOf = ({ path, boot }: Image): readonly string[] =>
  boot.kind === "kernel" ? [path, boot.kernel, boot.initrd] : [path];
