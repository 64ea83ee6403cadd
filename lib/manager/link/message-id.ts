import { createHash } from "node:crypto";
import { messageId } from "../../contract/index.ts";
import type { MessageId } from "../decide/index.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u

/** 100 bits of a digest: the same words of the same manager are the same message, however often they are said. */
export function messageIdOf(instance: string, key: string): MessageId {
  const digest = createHash("sha256").update(instance).update("\0").update(key).digest();
  let bits = 0n;
  for (const byte of digest.subarray(0, 13)) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let n = 0; n < 20; n++, bits >>= 5n) text += alphabet[Number(bits & 31n)];
  return messageId.parse(`msg_${text}`);
}
