import { randomInt } from "node:crypto";

const letters = "23456789abcdefghjkmnpqrstuvwxyz";

/** 79 bits in groups that a person can read out: `k3vn-8qwz-…`. */
export function newPassword(): string {
  const group = () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join("");
  return [group(), group(), group(), group()].join("-");
}
