import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { tarOf } from "./tar.ts";

it("is an archive that tar reads", () => {
  const long = `/${"d".repeat(90)}/${"f".repeat(60)}`;
  const archive = tarOf([
    { path: "/etc/a", data: Buffer.from("hello"), mode: "600" },
    { path: long, data: Buffer.alloc(600, "x"), mode: "0755" },
  ]);
  const list = execFileSync("tar", ["-tvf", "-"], { input: archive, encoding: "utf8" }).trim().split("\n");
  expect(list[0]).toMatch(/^-rw------- 0\/0\s+5 .* etc\/a$/);
  expect(list[1]).toContain("-rwxr-xr-x");
  expect(list[1]).toContain(long.slice(1));
  expect(execFileSync("tar", ["-xOf", "-", "etc/a"], { input: archive, encoding: "utf8" })).toBe("hello");
});

it("refuses a path that has no place in it", () => {
  expect(() => tarOf([{ path: `/${"x".repeat(300)}`, data: Buffer.alloc(0), mode: "644" }])).toThrow("too long");
});
