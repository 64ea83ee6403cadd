import type { Connection } from "../connection.ts";
import type { NonnullStorageVol } from "../protocol/generated/types.ts";
import type { StreamOptions } from "./stream.ts";

export interface TransferOptions extends StreamOptions {
  /** Where in the volume to begin. Default 0. */
  readonly offsetBytes?: bigint;
  /** How much; default: to the end. */
  readonly lengthBytes?: bigint;
}

const range = ({ offsetBytes = 0n, lengthBytes = 0n }: TransferOptions) => ({
  offset: offsetBytes,
  length: lengthBytes,
});

/** The bytes of a volume, as they come; leaving early aborts. Take the volume from `storage_vol_lookup_by_path`. */
export async function* downloadVolume(
  connection: Connection,
  vol: NonnullStorageVol,
  options: TransferOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const stream = await connection.stream("storage_vol_download", { vol, ...range(options), flags: 0 }, options);
  for await (const item of stream) if (item.kind === "data") yield item.bytes;
}

/** Writes bytes into a volume that is large enough, and waits until libvirt confirms them. A failing source aborts. */
export async function uploadVolume(
  connection: Connection,
  vol: NonnullStorageVol,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: TransferOptions = {},
): Promise<void> {
  const stream = await connection.stream("storage_vol_upload", { vol, ...range(options), flags: 0 }, options);
  try {
    for await (const bytes of source) await stream.write(bytes);
    await stream.finish();
  } finally {
    await stream.abort();
  }
}

/** A picture of the guest's screen. `mime` is what libvirt chose, for QEMU usually image/x-portable-pixmap or image/png. */
export async function screenshot(
  connection: Connection,
  domain: { readonly name: string; readonly uuid: string; readonly id: number },
  options: StreamOptions & { readonly screen?: number } = {},
): Promise<{ readonly mime: string | null; readonly image: Buffer }> {
  const args = { dom: domain, screen: options.screen ?? 0, flags: 0 };
  const stream = await connection.stream("domain_screenshot", args, options);
  const parts: Uint8Array[] = [];
  for await (const item of stream) if (item.kind === "data") parts.push(item.bytes);
  return { mime: stream.answer.mime, image: Buffer.concat(parts) };
}
