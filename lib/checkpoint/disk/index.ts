/** Disk images, read without QEMU: what a backup wrote. */
export { emptyQcow2 } from "./empty-qcow2.ts";
export { type DiskPiece, diskPieces, openQcow2, type Qcow2, type ReadAt, UnknownImage } from "./qcow2.ts";
