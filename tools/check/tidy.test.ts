import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { deadFiles, maxLines, tooLong } from "./tidy.ts";
import { readTree, type SourceFile, type SourceTree, type Target } from "./tree.ts";

const project = path.resolve(import.meta.dirname, "../..");

/** They read every file of the project, on a machine that may have other work. */
const readsAllMs = 60_000;

test("no file of this project is too long", { timeout: readsAllMs }, () => {
  expect(tooLong(readTree(project))).toEqual([]);
});

test("no file of this project is dead", { timeout: readsAllMs }, () => {
  const tree = readTree(project);
  const scripts = [...tree.paths].filter(
    (file) => /\.(sh|json|yml)$|^\.ci\//.test(file) && !file.endsWith("package-lock.json"),
  );
  const texts = scripts.map((file) => readFileSync(path.join(project, file), "utf8"));
  expect(deadFiles(tree, texts)).toEqual([]);
});

const file = (at: string, more: { lines?: number; imports?: string[]; texts?: string[] } = {}): SourceFile => ({
  path: at,
  lines: more.lines ?? 1,
  imports: [],
  names: [],
  texts: more.texts ?? [],
  targets: (more.imports ?? []).map((to) => ({
    specifier: to,
    line: 1,
    to: { kind: "file", path: to } satisfies Target,
  })),
});
const tree = (...files: SourceFile[]): SourceTree => ({
  dir: "/",
  files,
  paths: new Set(files.map((one) => one.path)),
});

const leave = { "lib/long.ts": { lines: 450, why: "one list" } };

test("a long file is said, with its length", () => {
  const two = tree(file("lib/long.ts", { lines: 400 }), file("lib/a.ts", { lines: maxLines + 1 }));
  expect(tooLong(two, leave)).toEqual([expect.stringContaining(`lib/a.ts has ${maxLines + 1} lines`)]);
});

test("leave to be long ends when it is not needed", () => {
  expect(tooLong(tree(file("lib/long.ts", { lines: 10 })), leave)).toEqual([expect.stringContaining("needs no leave")]);
});

test("what a living file imports lives, in any number of steps", () => {
  const files = tree(
    file("server.ts", { imports: ["lib/a.ts"] }),
    file("lib/a.ts", { imports: ["lib/b.ts"] }),
    file("lib/b.ts"),
  );
  expect(deadFiles(files, [])).toEqual([]);
});

test("two files that only import each other are dead", () => {
  const files = tree(file("lib/a.ts", { imports: ["lib/b.ts"] }), file("lib/b.ts", { imports: ["lib/a.ts"] }));
  expect(deadFiles(files, [])).toHaveLength(2);
});

test("a file that only its own test imports is dead; one that another's test imports is not", () => {
  const files = tree(
    file("lib/a.test.ts", { imports: ["lib/a.ts", "lib/testing/b.ts"] }),
    file("lib/a.ts"),
    file("lib/testing/b.ts"),
  );
  expect(deadFiles(files, [])).toEqual([expect.stringContaining("lib/a.ts")]);
});

test("a command lives by package.json, a worker by its path in quotes", () => {
  const files = tree(
    file("lab/x.ts", { texts: ["./worker.ts", '"node" lab/main.ts --all'] }),
    file("lab/worker.ts"),
    file("lab/main.ts"),
  );
  expect(deadFiles(files, ["node tools/run.mjs lab/x.ts --all"])).toEqual([]);
  expect(deadFiles(files, ["node other-lab/x.tsx"])).toHaveLength(3);
});
