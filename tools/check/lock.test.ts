import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { addressesInLock, missingFromLock } from "./lock.ts";

const project = path.resolve(import.meta.dirname, "../..");
const { packages } = JSON.parse(readFileSync(path.join(project, "package-lock.json"), "utf8"));

test("package-lock.json names every platform's packages, and no registry", () => {
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  expect(missingFromLock(packages)).toEqual([]);
  expect(addressesInLock(packages)).toEqual([]);
});

test("an optional package is found beside its user, around it, or not at all", () => {
  const inner = "node_modules/a/node_modules/b";
  const optionalDependencies = { c: "1" };
  const beside = { [inner]: { optionalDependencies }, [`${inner}/node_modules/c`]: {} };
  const around = { [inner]: { optionalDependencies }, "node_modules/a/node_modules/c": {} };
  const outside = { [inner]: { optionalDependencies }, "node_modules/c": {} };
  const elsewhere = { [inner]: { version: "2.0.0", optionalDependencies }, "node_modules/d/node_modules/c": {} };
  expect([beside, around, outside].flatMap(missingFromLock)).toEqual([]);
  expect(missingFromLock(elsewhere)).toEqual([`c is missing (wanted by ${inner} 2.0.0)`]);
});

test("a registry's address is said", () => {
  expect(addressesInLock({ "node_modules/a": { resolved: "https://registry.example/a.tgz" } })).toHaveLength(1);
});
