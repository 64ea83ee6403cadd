import { expect, it } from "vitest";
import { Bag } from "./bag.ts";

it("gives everything that was not taken out, in the order in which it came, once", () => {
  const bag = new Bag<string>();
  const [a, b] = [bag.add("a"), bag.add("b")];
  for (const it of ["c", "d"]) bag.add(it);
  bag.remove(a);
  bag.remove(a);
  bag.add("e");
  expect(bag.empty()).toEqual(["b", "c", "d", "e"]);
  bag.remove(b); // out already: it must not take another's place
  bag.add("f");
  bag.remove(b);
  expect(bag.empty()).toEqual(["f"]);
  expect(bag.empty()).toEqual([]);
});
