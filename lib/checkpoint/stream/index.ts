/** QEMU's migration stream and libvirt's save image around it: read and written, without I/O. */
export {
  blockOfVolume,
  ignoreShared,
  type MemoryBlock,
  mainBlock,
  mappedBlock,
  memoryVolume,
  UnknownStream,
} from "./format.ts";
export { readSaveImageHead, type SaveImageHead, saveImageHead, UnknownSaveImage } from "./save-image.ts";
export { StreamWalker, type WalkHandlers } from "./walker.ts";
export { type StreamParts, writeStream } from "./writer.ts";
