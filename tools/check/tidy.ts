import path from "node:path";
import type { SourceFile, SourceTree } from "./tree.ts";

/** One idea per file: past this a file is to be split, or named below with the reason. */
export const maxLines = 350;

/** Files that may be longer, up to the number given. Each is one list that a reader wants in one place. */
export const longFiles: Readonly<Record<string, { readonly lines: number; readonly why: string }>> = {};

export function tooLong(tree: SourceTree, leave: typeof longFiles = longFiles): string[] {
  const over = tree.files.flatMap(({ path: file, lines }) => {
    const limit = leave[file]?.lines ?? maxLines;
    return lines > limit ? [`${file} has ${lines} lines, over ${limit}: split it`] : [];
  });
  const needless = Object.keys(leave).filter((file) => {
    const found = tree.files.find((one) => one.path === file);
    return found === undefined || found.lines <= maxLines;
  });
  return [
    ...over,
    ...needless.map((file) => `${file} needs no leave to be long any more: take it out of tools/check/tidy.ts`),
  ];
}

/** Files that somebody other than us opens: Next, vitest, Playwright, Prisma and the TypeScript compiler. */
const entries = [
  /^server\.ts$/,
  /^[a-z-]+\.config\.ts$/,
  /^app\/(.*\/)?(page|layout|route|error|global-error|not-found|loading|template|icon|manifest)\.tsx?$/,
  /\.test\.tsx?$/,
  /^e2e\/.*\.(spec|setup)\.ts$/,
  /\.d\.ts$/,
  /^tools\/[a-z-]+\.ts$/, // commands, for node tools/run.mjs
  /^tools\/check\/[a-z-]+\.ts$/, // their tests are their use
  /^tools\/bench\/[a-z-]+\.ts$/, // found by its name, tools/bench/main.ts
];

/**
 * Files that nobody imports, opens or runs. A file is alive when a living one imports it or names its path in quotes (workers,
 * commands), or package.json or a shell script does. Its own test does not keep a file alive.
 */
export function deadFiles(tree: SourceTree, commandTexts: readonly string[]): string[] {
  const byPath = new Map(tree.files.map((file) => [file.path, file]));
  const named = [...byPath.keys()].filter((file) => commandTexts.some((text) => namesPath(text, file)));
  const queue = [...byPath.keys()].filter((file) => entries.some((entry) => entry.test(file))).concat(named);
  const alive = new Set(queue);
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const file = byPath.get(at);
    if (file === undefined) continue;
    for (const next of reached(file, byPath))
      if (!alive.has(next)) {
        alive.add(next);
        queue.push(next);
      }
  }
  return [...byPath.keys()]
    .filter((file) => !alive.has(file))
    .map((file) => `${file} is imported by nobody: remove it, or use it`);
}

/** `tools/x.ts` as a word of its own in a script. */
function namesPath(text: string, file: string): boolean {
  const before = text.indexOf(file) - 1;
  return before >= -1 && !/[\w/]/.test(text[before] ?? " ") && !/\w/.test(text[before + 1 + file.length] ?? " ");
}

function reached(file: SourceFile, byPath: ReadonlyMap<string, SourceFile>): string[] {
  const tested = file.path.replace(/(\.(db|lab))?\.test\.(tsx?)$/, ".$3");
  const imported = file.targets.flatMap(({ to }) => (to.kind === "file" && to.path !== tested ? [to.path] : []));
  const below = path.posix.dirname(file.path);
  const words = file.texts.flatMap((text) => text.split(/[\s"']+/));
  const spelled = words.filter((word) => /\.(ts|tsx|mjs)$/.test(word));
  return [...imported, ...spelled, ...spelled.map((text) => path.posix.join(below, text))].filter(
    (one) => byPath.has(one) && one !== tested,
  );
}
