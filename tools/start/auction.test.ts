import { expect, it } from "vitest";
import { whyNoAuction } from "./auction.ts";
import { readStartOptions } from "./options.ts";

const gib = 2 ** 30;
const options = (...words: string[]) => readStartOptions(words, {});

it("is brought up where there is a lab and memory for it, unless a person says otherwise", () => {
  expect(whyNoAuction(options(), false, 8 * gib)).toBeUndefined();
  expect(whyNoAuction(options("--no-auction"), false, 8 * gib)).toContain("--no-auction");
  expect(whyNoAuction(options("--simulated"), true, 8 * gib)).toContain("simulated");
  expect(whyNoAuction(options(), false, 2.5 * gib)).toBe("it needs 4 GiB of free memory, and there are 2.5");
});
