import { expect, test } from "vitest";
import { idSource } from "../model/index.ts";
import { whoseEncrypted } from "./whose-encrypted.ts";

const ids = idSource(() => 1_700_000_000_000, Math.random);
const [aster, birch, other] = [ids.next("org"), ids.next("org"), ids.next("org")];
const there = [
  { id: aster, name: "Aster" },
  { id: birch, name: "Birch" },
  { id: other, name: "Birch" },
];

test("names and ids are organizations, and all are all", () => {
  expect(whoseEncrypted(undefined, there)).toBeUndefined();
  expect(whoseEncrypted("all", there)).toBe("all");
  expect(whoseEncrypted(["Aster", birch], there)).toEqual([aster, birch]);
  expect(whoseEncrypted([aster], undefined)).toEqual([aster]);
});

test.each([
  ["ALL", there, "no organization"],
  ["true", there, "no organization"],
  ["aster", there, "no organization"],
  [ids.next("org"), there, "no organization"],
  ["Birch", there, "several"],
  ["Aster", undefined, "no id"],
])("%s is refused with a cure, and not taken for nobody", (text, organizations, words) => {
  const found = expect(() => whoseEncrypted(["Aster", text].slice(organizations ? 0 : 1), organizations));
  found.toThrow(
    expect.objectContaining({ message: expect.stringMatching(new RegExp(`^BELAY_CHECKPOINT_ENCRYPT.*${words}`)) }),
  );
  found.toThrow(expect.objectContaining({ cure: expect.stringContaining("all") }));
});
