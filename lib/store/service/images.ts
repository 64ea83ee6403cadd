import { isDeepStrictEqual } from "node:util";
import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { BelayError, type Image } from "../../model/index.ts";
import type { Readable } from "../database.ts";
import { findVm } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toImage } from "../rows/collaboration.ts";
import { present } from "../rows/host.ts";
import { instant } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";
import { audit } from "./audit.ts";

type Images = Pick<CollaborationServiceStore, "images" | "putImage" | "removeImage" | "setImageOf">;

export const readImages = async (db: Readable): Promise<Image[]> =>
  (await db.image.findMany({ orderBy: { name: "asc" } })).map(toImage);

export const serviceImages = ({ database, write, ids }: Parts): Images => ({
  images: () => readImages(database),

  /** Name and content are one image's each: a customer asks for it by its name. */
  putImage: (image, by, at) =>
    write(async (tx) => {
      const { id, name, sha256, sizeBytes, path, format, boot, words } = image;
      const row = await tx.db.image.findUnique({ where: { id } });
      if (row !== null && isDeepStrictEqual(toImage(row), { ...image, boot: { ...boot } })) return toImage(row);
      const others = await tx.db.image.findMany({ where: { id: { not: id }, OR: [{ name }, { sha256 }] } });
      if (others.some((it) => it.name === name))
        throw new BelayError("conflict", `There is an image ${name} already.`, {
          field: "name",
          cure: "Take another name, or remove that image first.",
        });
      const [same] = others;
      if (same !== undefined)
        throw new BelayError("conflict", `Image ${same.name} has this content already.`, {
          field: "sha256",
          cure: `Use image ${same.id}, or remove it first.`,
        });
      const data = { name, sha256, sizeBytes: BigInt(sizeBytes), path, format, boot: toJson(boot), words };
      const made = toImage(
        await tx.db.image.upsert({
          where: { id },
          create: { id, ...data, createdAt: instant(at) },
          update: data,
        }),
      );
      await audit(tx, ids, by, at, { action: "image.put", subject: id, details: { name, sha256, path, format } });
      const { boot: _, ...told } = made;
      tx.emit(at, `Image ${name} was set by ${by.name}.`, { kind: "image.changed", image: told });
      return made;
    }),

  /** Not one that VMs are made from: it could not be made again. */
  removeImage: (id, by, at) =>
    write(async (tx) => {
      const row = await tx.db.image.findUnique({ where: { id } });
      if (row === null) throw new BelayError("not-found", `There is no image ${id}.`);
      const vms = await tx.db.vm.count({ where: { imageId: id, ...present } });
      const asked = await tx.db.allocation.count({ where: { imageId: id, endedAt: null, vmId: null } });
      if (vms + asked > 0)
        throw new BelayError("conflict", `${vms + asked} VMs are made from image ${row.name}.`, {
          field: "id",
          cure: "Give them another image first.",
        });
      await tx.db.vm.updateMany({ where: { imageId: id }, data: { imageId: null } }); // those that were removed
      await tx.db.image.delete({ where: { id } });
      await audit(tx, ids, by, at, { action: "image.remove", subject: id, details: { name: row.name } });
      tx.emit(at, `Image ${row.name} was removed by ${by.name}.`, { kind: "image.removed", imageId: id });
    }),

  setImageOf: (id, imageId, by, at) =>
    write(async (tx) => {
      const before = await findVm(tx.db, id);
      const image = imageId === null ? null : await tx.db.image.findUnique({ where: { id: imageId } });
      if (imageId !== null && image === null)
        throw new BelayError("not-found", `There is no image ${imageId}.`, { field: "imageId" });
      if (before.imageId === imageId) return toVm(before);
      const vm = toVm(await tx.db.vm.update({ where: { id }, data: { imageId } }));
      const details = { imageId: { from: before.imageId, to: imageId } };
      await audit(tx, ids, by, at, { action: "vm.change", subject: id, details });
      const words =
        image === null ? "it can be made anew from no image" : `it can be made anew from image ${image.name}`;
      tx.emit(at, `VM ${vm.name} on host ${before.host.name}: ${words}. (Said by ${by.name}.)`, {
        kind: "vm.changed",
        vm,
      });
      tx.wake("vms");
      return vm;
    }),
});
