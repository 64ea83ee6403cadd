import { readFile } from "node:fs/promises";
import path from "node:path";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { GuestImage } from "../guest/image.ts";
import { labSourceDir } from "../paths.ts";

/** Where the description of the auction lies, with its pages and tables. */
export const auctionDir = path.join(labSourceDir, "auction");

export interface AuctionOptions {
  /** `bare`: the manager sends the servers; `prepared`: the image has them. */
  readonly image: "bare" | "prepared";
  /** Of the image `bare`, as `ensureImage` tells them. */
  readonly servers?: GuestImage["servers"];
}

/** The auction's description for this image, to be written anywhere: its files are named by whole paths. Comments stay. */
export async function auctionDescription({ image, servers }: AuctionOptions): Promise<string> {
  const document = parseDocument(await readFile(path.join(auctionDir, "auction.yaml"), "utf8"));
  document.setIn(["images", "server"], image);
  for (const { name, file, sha256 } of servers?.archives ?? [])
    document.setIn(["archives", name], { file: path.resolve(servers?.dir ?? "", file), sha256 });
  const described = document.get("servers");
  if (!isSeq(described)) throw new Error("auction.yaml has no servers");
  // Lists that several servers have in common stand once, by an alias.
  for (const server of described.items) {
    if (!isMap(server)) continue;
    const kind = server.get("kind");
    if (servers && typeof kind === "string") server.set("archive", kind);
    const files = server.get("files", true);
    if (isSeq(files))
      for (const file of files.items)
        if (isMap(file)) file.set("from", path.join(auctionDir, String(file.get("from"))));
    const load = server.getIn(["options", "load"], true);
    if (isSeq(load))
      for (const one of load.items) if (isScalar(one)) one.value = path.join(auctionDir, String(one.value));
  }
  return document.toString();
}
