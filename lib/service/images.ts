import type { z } from "zod";
import { type ImageView, imageFor, type putImageBody } from "../contract/index.ts";
import { can, type ImageId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { imageViewOf } from "./views.ts";

type Body = z.infer<typeof putImageBody>;

/** What VMs are made from. A name, and a content, are one image's: the store refuses the second. */
export function imageService({ store, clock, ids }: ServiceDeps) {
  const imageOf = async (id: ImageId) =>
    found(
      "image",
      (await store.images()).find((it) => it.id === id),
      () => true,
    );
  const put = async (viewer: Viewer, id: ImageId, body: Body) =>
    imageViewOf(await store.putImage({ ...body, id }, viewer, clock.now()));

  return {
    /** For everybody; where their files lie is the provider's. */
    async images(viewer: Viewer): Promise<ImageView[]> {
      return (await store.images()).map((image) => imageFor(viewer, imageViewOf(image)));
    },

    async addImage(viewer: Viewer, body: Body): Promise<ImageView> {
      must(can.manageImages(viewer));
      return put(viewer, ids.next("img"), body);
    },

    async changeImage(viewer: Viewer, id: ImageId, body: Body): Promise<ImageView> {
      must(can.manageImages(viewer));
      await imageOf(id);
      return put(viewer, id, body);
    },

    /** Refused while there are VMs that were made from it: they could not be made anew. */
    async removeImage(viewer: Viewer, id: ImageId): Promise<void> {
      must(can.manageImages(viewer));
      const image = await imageOf(id);
      await store.removeImage(image.id, viewer, clock.now());
    },
  };
}
