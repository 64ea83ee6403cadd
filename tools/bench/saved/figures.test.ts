import { expect, test } from "vitest";
import { backFigures, readFigures } from "./figures.ts";

test("the percentile that is promised stands under the name that it is promised by", () => {
  const backMs = Array.from({ length: 20 }, (_, at) => (at + 1) * 100);
  expect(backFigures(backMs)).toMatchObject({ samples: 20, p50: 1000, p95: 1900, p95Ms: 1900, max: 2000 });
  expect(backFigures([]).p95Ms).toBeNull();
});

test("the rate of reading is one number, beside all that was measured", () => {
  const reads = [50, 100, 400].map((ms) => ({ bytes: 100 * 2 ** 20, ms }));
  expect(readFigures(reads)).toMatchObject({ readRate: 1000, readRateMiBps: { samples: 3, min: 250, max: 2000 } });
});
