import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { rooms } from "./arrows.ts";
import { readTree } from "./tree.ts";
import { roomOf, wrongArrows } from "./wrong-arrows.ts";

const project = path.resolve(import.meta.dirname, "../..");

/** It reads every file of the project, on a machine that may have other work. */
const readsAllMs = 60_000;

test("every import of this project goes along DESIGN's arrows", { timeout: readsAllMs }, () => {
  const tree = readTree(project);
  expect(tree.files.length).toBeGreaterThan(50); // a walk that finds nothing would always pass
  expect(wrongArrows(tree)).toEqual([]);
});

test("every arrow leads to a room that has a row", () => {
  const named = Object.values(rooms).flatMap(({ to }) => to);
  expect(named.filter((room) => room !== "lib/*" && room !== "engine/ports" && !(room in rooms))).toEqual([]);
});

describe("a tree of its own", () => {
  const dirs: string[] = [];
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });

  /** Files by path; what they import need not exist. */
  function wrongIn(files: Record<string, string>): string[] {
    const dir = mkdtempSync(path.join(tmpdir(), "belay-arrows-"));
    dirs.push(dir);
    for (const [file, source] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
      writeFileSync(path.join(dir, file), source);
    }
    return wrongArrows(readTree(dir));
  }

  test("a right arrow passes", () => {
    const files = {
      "lib/decide/a.ts": 'import { x } from "../model/index.ts";\nimport { y } from "./b.ts";\nexport const z = x + y;',
      "lib/store/a.ts": 'import type { P } from "../engine/ports.ts";\nexport type Q = P;',
      "server.ts": 'import { boot } from "./lib/boot/index.ts";\nimport next from "next";\nawait boot(next);',
      "lib/boot/a.ts": 'import { createEngine } from "../engine/index.ts";\ncreateEngine();',
      "components/vm/badge.tsx": 'import { Box } from "../ui/box.tsx";\nexport const Badge = () => <Box />;',
    };
    expect(wrongIn(files)).toEqual([]);
  });

  test.each([
    ["plain", 'import { x } from "../store/index.ts";\nx();'],
    ["type only", 'import type { X } from "../store/index.ts";\nexport type Y = X;'],
    ["over several lines", 'import {\n  x,\n  type Y,\n} from "../store/index.ts";\nexport type Z = Y | typeof x;'],
    ["for its effect", 'import "../store/index.ts";'],
    ["exported on", 'export { x } from "../store/index.ts";'],
    ["everything exported on", 'export * from "../store/index.ts";'],
    ["types exported on", 'export type { X } from "../store/index.ts";'],
    ["dynamic", 'export const x = () => import("../store/index.ts");'],
    ["in a type", 'export type X = import("../store/index.ts").X;'],
    ["in typeof", 'export type X = typeof import("../store/index.ts");'],
    ["required", 'export const x = require("../store/index.ts");'],
    ["import equals", 'import x = require("../store/index.ts");\nx();'],
  ])("a wrong arrow is caught: %s", (_, source) => {
    const wrong = wrongIn({ "lib/model/a.ts": source });
    expect(wrong).toEqual([
      expect.stringContaining("imports ../store/index.ts: lib/model may import no other room, not lib/store"),
    ]);
  });

  test("a wrong arrow says file and line", () => {
    const wrong = wrongIn({ "lib/decide/deep/a.ts": '// one\n\nimport { x } from "../../store/index.ts";\nx();' });
    expect(wrong).toEqual([
      "lib/decide/deep/a.ts:3 imports ../../store/index.ts: lib/decide may import only lib/model, not lib/store",
    ]);
  });

  test("words that look like an import are none", () => {
    const source =
      '// import { x } from "../store/index.ts";\nexport const help = `import x from "../store/index.ts"`;';
    expect(wrongIn({ "lib/model/a.ts": source })).toEqual([]);
  });

  test("a room is entered by its door only", () => {
    const wrong = wrongIn({ "lib/service/a.ts": 'import { x } from "../model/vm.ts";\nx();' });
    expect(wrong).toEqual([expect.stringContaining("lib/model is entered only by lib/model/index.ts")]);
  });

  test("engine/ports is that one file", () => {
    const wrong = wrongIn({ "lib/store/a.ts": 'import { createEngine } from "../engine/index.ts";\ncreateEngine();' });
    expect(wrong).toEqual([expect.stringContaining("not lib/engine")]);
  });

  test("tests may enter every room, by its door or by what it made for tests", () => {
    const source = 'import { labUp } from "../../lab/index.ts";\nlabUp();';
    expect(wrongIn({ "lib/hypervisor/a.lab.test.ts": source })).toEqual([]);
    expect(wrongIn({ "lib/hypervisor/a.ts": source })).toHaveLength(1);
    const inner = (file: string) => `import { x } from "../store/${file}";\nx();`;
    expect(
      wrongIn({ "lib/api/a.db.test.ts": inner("testing/index.ts"), "lib/api/testing.ts": inner("index.ts") }),
    ).toEqual([]);
    expect(wrongIn({ "lib/api/a.db.test.ts": inner("rows/vm.ts") })).toEqual([expect.stringContaining("only by")]);
    expect(wrongIn({ "lib/boot/a.ts": inner("testing/index.ts") })).toEqual([expect.stringContaining("only by")]);
  });

  test.each([
    ["lib/engine/a.ts", "@prisma/client", "the only importer"],
    ["lib/engine/a.ts", "@dbos-inc/dbos-sdk", "lib/durable"],
    ["lib/hypervisor/a.ts", "ssh2", "lib/libvirt"],
    ["lib/service/a.ts", "react", "React"],
    ["lib/api/a.ts", "next/headers", "Next"],
    ["lib/model/a.ts", "node:fs", "nothing of Node"],
    ["components/vm/a.ts", "node:path", "nothing of Node"],
  ])("%s may not import %s", (file, name, why) => {
    expect(wrongIn({ [file]: `import * as x from "${name}";\nexport const y = x;` })).toEqual([
      expect.stringContaining(why),
    ]);
  });

  test("time and chance are refused in pure rooms, not as names of properties", () => {
    expect(wrongIn({ "lib/decide/a.ts": "export const now = () => Date.now() + Math.random();" })).toHaveLength(2);
    expect(
      wrongIn({ "lib/decide/a.ts": "export const of = (m: { Date: number }) => m.Date + Math.max(1, 2);" }),
    ).toEqual([]);
  });

  test("a file in no room is said", () => {
    expect(wrongIn({ "extra/a.ts": "export const x = 1;" })).toEqual([expect.stringContaining("is in no room")]);
    expect(roomOf("vitest.config.ts")).toBe("(configuration)");
  });

  test("a file that leads out of the project is said", () => {
    expect(wrongIn({ "tools/a.ts": 'import x from "../../elsewhere.ts";\nx();' })).toEqual([
      expect.stringContaining("outside the project"),
    ]);
  });
});
