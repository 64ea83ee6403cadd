import { isDeepStrictEqual } from "node:util";
import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { BelayError, type Image } from "../../model/index.ts";
import { audit, type Parts } from "./parts.ts";
import { byText, hostName, need, needVm, type Tables } from "./tables.ts";

type ForPeople = Pick<CollaborationServiceStore, "images" | "putImage" | "removeImage" | "setImageOf">;

export const imagesByName = (tables: Tables): Image[] =>
  [...tables.images.values()].sort((a, b) => byText(a.name, b.name));

/** What VMs are made from. */
export function images(parts: Parts): ForPeople {
  const { tables, log } = parts;
  return {
    images: async () => imagesByName(tables),

    async putImage(image, by, at) {
      const { id, name, sha256 } = image;
      const known = tables.images.get(id);
      if (known && isDeepStrictEqual(known, image)) return known;
      const others = [...tables.images.values()].filter((it) => it.id !== id);
      if (others.some((it) => it.name === name))
        throw new BelayError("conflict", `There is an image ${name} already.`, { field: "name" });
      const same = others.find((it) => it.sha256 === sha256);
      if (same) throw new BelayError("conflict", `Image ${same.name} has this content already.`, { field: "sha256" });
      tables.images.set(id, image);
      audit(parts, by, at, "image.put", id);
      const { boot: _, ...told } = image;
      log.append(at, `Image ${name} was set by ${by.name}.`, { kind: "image.changed", image: told });
      return image;
    },

    async removeImage(id, by, at) {
      const { name } = need(tables.images, id, "image");
      const vms = [...tables.vms.values()].filter((row) => row.vm.imageId === id);
      const asked = [...tables.allocations.values()].filter(
        ({ allocation: it }) => it.imageId === id && it.endedAt === null && it.vmId === null,
      );
      const made = vms.filter((row) => !row.removed).length + asked.length;
      if (made > 0) throw new BelayError("conflict", `${made} VMs are made from image ${name}.`, { field: "id" });
      for (const row of vms) tables.vms.set(row.vm.id, { ...row, vm: { ...row.vm, imageId: null } });
      tables.images.delete(id);
      audit(parts, by, at, "image.remove", id);
      log.append(at, `Image ${name} was removed by ${by.name}.`, { kind: "image.removed", imageId: id });
    },

    async setImageOf(id, imageId, by, at) {
      const row = needVm(tables, id);
      const image = imageId === null ? null : need(tables.images, imageId, "image", "imageId");
      if (row.vm.imageId === imageId) return row.vm;
      const vm = { ...row.vm, imageId };
      tables.vms.set(id, { ...row, vm });
      audit(parts, by, at, "vm.change", id);
      const from =
        image === null ? "it can be made anew from no image" : `it can be made anew from image ${image.name}`;
      const words = `VM ${vm.name} on host ${hostName(tables, vm.hostId)}: ${from}. (Said by ${by.name}.)`;
      log.append(at, words, { kind: "vm.changed", vm });
      parts.wake("vms");
      return vm;
    },
  };
}
