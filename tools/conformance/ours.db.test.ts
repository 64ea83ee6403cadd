import { expect, test } from "vitest";
import { allCases } from "./cases/index.ts";
import { judgeOurs, wrongManagers } from "./ours.ts";

/** `npm run conformance` runs all cases; here those that the wrong managers fail, and the hardest of the others. */
const names = [
  ...wrongManagers.flatMap(({ caught }) => caught),
  "says after a reconnect what was not taken, under the same id",
  "goes on after kill -9 in the middle of a repair",
  "webhook: takes a message that is delivered twice for one",
  "webhook: POSTs what its sensors say, again and again",
  "go-back: confirms, and ends once the repair has",
  "go-back: says that it did not go back, though the call was accepted",
];

test("Belay's manager passes, and four wrong ones are caught, each by its own cases", async () => {
  const cases = allCases.filter(({ name }) => names.includes(name));
  expect(cases).toHaveLength(names.length);
  const judged = await judgeOurs(
    cases,
    () => {},
    () => {},
  );
  expect(judged.shipped.verdicts.filter(({ wrong }) => wrong !== null)).toEqual([]);
  expect(judged.wrong.map(({ name, missed }) => [name, missed])).toEqual(wrongManagers.map(({ name }) => [name, []]));
}, 180_000);
