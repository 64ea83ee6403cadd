const clusterBits = 16;
const clusterBytes = 2 ** clusterBits;
const refcountBits = 16;

/** The bytes of an empty qcow2 image (version 3, no backing file): header, refcount table, refcount block, L1 table. */
export function emptyQcow2(sizeBytes: number): Buffer {
  const l1Entries = Math.max(1, Math.ceil(sizeBytes / (clusterBytes * (clusterBytes / 8))));
  const l1Clusters = Math.ceil((l1Entries * 8) / clusterBytes);
  const clusters = 3 + l1Clusters;
  const image = Buffer.alloc(clusters * clusterBytes);
  image.writeUInt32BE(0x514649fb, 0);
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(clusterBits, 20);
  image.writeBigUInt64BE(BigInt(sizeBytes), 24);
  image.writeUInt32BE(l1Entries, 36);
  image.writeBigUInt64BE(BigInt(3 * clusterBytes), 40);
  image.writeBigUInt64BE(BigInt(clusterBytes), 48);
  image.writeUInt32BE(1, 56);
  image.writeUInt32BE(Math.log2(refcountBits), 96);
  image.writeUInt32BE(104, 100);
  image.writeBigUInt64BE(BigInt(2 * clusterBytes), clusterBytes);
  for (let i = 0; i < clusters; i++) image.writeUInt16BE(1, 2 * clusterBytes + i * 2);
  return image;
}
