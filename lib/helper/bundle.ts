import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export interface HelperBundle {
  /** One file of JavaScript, for Node 18 and later. */
  readonly code: string;
  /** As the helper says it of itself. */
  readonly version: string;
}

/** What only the engine needs of our libraries: a program that runs on the host itself dials nobody by SSH. */
const left = ["ssh2"];

/** A program of ours for hosts as one file, made from its sources. */
export async function bundleOf(entry: string): Promise<HelperBundle> {
  const { build } = await import("rolldown"); // only when something is put on a host: it is large
  const directory = await mkdtemp(path.join(tmpdir(), "belay-bundle-"));
  try {
    const file = path.join(directory, "bundle.mjs");
    await build({
      input: entry,
      platform: "node",
      logLevel: "warn",
      external: left,
      treeshake: { moduleSideEffects: (id) => !left.includes(id) },
      output: { file, format: "esm", minify: false, codeSplitting: false },
      transform: { target: "node18" },
    });
    const code = await readFile(file, "utf8");
    return { code, version: `0.1.0+${createHash("sha256").update(code).digest("hex").slice(0, 12)}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

let made: Promise<HelperBundle> | undefined;

/** `belay-host` as one file, made from its sources at the first call. */
export function helperBundle(): Promise<HelperBundle> {
  made ??= bundleOf(path.join(import.meta.dirname, "main.ts"));
  made.catch(() => {
    made = undefined;
  });
  return made;
}
