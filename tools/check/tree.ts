import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type ParsedFile, parseFile } from "./imports.ts";

/** Where an import leads. */
export type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "package"; readonly name: string }
  /** A file that does not exist, or one outside the project. */
  | { readonly kind: "lost" };

export interface SourceFile extends ParsedFile {
  /** From the project's directory, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly targets: readonly { readonly specifier: string; readonly line: number; readonly to: Target }[];
}

export interface SourceTree {
  readonly dir: string;
  readonly files: readonly SourceFile[];
  /** Paths of all that the walk saw, also what it did not parse (.css, .json, .sh). */
  readonly paths: ReadonlySet<string>;
}

const skipped = new Set([
  "node_modules",
  ".git",
  ".next",
  ".data",
  ".cache",
  "generated",
  "test-results",
  "playwright-report",
]);
const parsed = /\.(ts|tsx|mjs|js)$/;

/** Reads and parses every source file below `dir`. Made files (`generated/`, `*.d.ts` of Next) are not ours to judge. */
export function readTree(dir: string): SourceTree {
  const paths = new Set<string>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(path.join(dir, below), { withFileTypes: true })) {
      const at = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory() && !skipped.has(entry.name)) walk(at);
      else if (entry.isFile()) paths.add(at);
    }
  };
  walk("");
  const files = [...paths]
    .filter((at) => parsed.test(at) && at !== "next-env.d.ts")
    .sort()
    .map((at): SourceFile => {
      const source = readFileSync(path.join(dir, at), "utf8");
      const file = parseFile(at, source);
      const targets = file.imports.map(({ specifier, line }) => ({ specifier, line, to: resolve(dir, at, specifier) }));
      return { ...file, path: at, lines: source.split("\n").length - 1, targets };
    });
  return { dir, files, paths };
}

/** The package that a bare specifier names: `@scope/name` of `@scope/name/deep`. Node's own keep their `node:`. */
export function packageName(specifier: string): string {
  const [first = "", second] = specifier.split("/");
  return specifier.startsWith("@") && second ? `${first}/${second}` : first;
}

function resolve(dir: string, from: string, specifier: string): Target {
  if (!specifier.startsWith(".") && !specifier.startsWith("/"))
    return { kind: "package", name: packageName(specifier) };
  const to = path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
  if (to.startsWith("..") || specifier.startsWith("/")) return { kind: "lost" };
  // Next's files and made files may leave the ending out, or be made later.
  const endings = ["", ".ts", ".tsx", "/index.ts", "/index.tsx"];
  const found = endings
    .map((ending) => to + ending)
    .find((one) => existsSync(path.join(dir, one)) && path.extname(one) !== "");
  return { kind: "file", path: found ?? to };
}
