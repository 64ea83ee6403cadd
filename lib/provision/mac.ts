import { createHash } from "node:crypto";

/** A card's address that follows from the domain's UUID: locally administered, one in 2^40, the same whenever it is asked for. */
export function macOf(uuid: string): string {
  const digest = createHash("sha256").update(uuid.toLowerCase()).digest();
  return [0x5a, ...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
