import { expect, test } from "vitest";
import { errorFacts } from "./log.ts";

test("an error is logged with its code and causes, and without what libraries hang on it", () => {
  const inner = Object.assign(new Error("no route"), { code: "EHOSTUNREACH", client: { password: "secret" } });
  const facts = errorFacts(new Error("host-1 does not answer", { cause: inner }));
  expect(facts).toMatchObject({
    message: "host-1 does not answer",
    cause: { name: "Error", message: "no route", code: "EHOSTUNREACH" },
  });
  expect(JSON.stringify(facts)).not.toContain("secret");
});

test("an error that is its own cause ends, and what is no error is said as it is", () => {
  const loop = new Error("round");
  loop.cause = loop;
  expect(JSON.stringify(errorFacts(loop)).match(/round/g)?.length).toBeLessThan(20);
  expect(errorFacts("plain")).toBe("plain");
});
