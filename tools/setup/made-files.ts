import { existsSync } from "node:fs";
import { runCommand } from "../kit/command.ts";
import { Failure } from "../kit/failure.ts";
import { inProject } from "../kit/project.ts";
import { hashOf, isDone, markDone, markUndone } from "./stamp.ts";

/** Something made from files of this project by a program of node_modules, made again when its inputs change. */
export interface MadeFiles {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly skip?: (file: string) => boolean;
  /** A file that exists when it was made. */
  readonly proof: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cure: string;
}

export const prismaClient: MadeFiles = {
  name: "Prisma client",
  inputs: [
    "prisma/schema.prisma",
    "prisma.config.ts",
    "tools/schema-engine.mjs",
    "tools/schema-engine",
    "package-lock.json",
  ],
  proof: "lib/store/generated",
  program: "node_modules/prisma/build/index.js",
  args: ["generate", "--no-hints"],
  env: { CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" },
  cure: "prisma/schema.prisma has an error",
};

/** The pages. Only rooms that pages can reach (tools/check/arrows.ts) are inputs: the engine may change without a new build. */
export const pages: MadeFiles = {
  name: "pages (Next build)",
  inputs: [
    "app",
    "components",
    "public",
    "lib/client",
    "lib/contract",
    "lib/model",
    "lib/service",
    "lib/api",
    "next.config.ts",
    "tsconfig.json",
    "package-lock.json",
  ],
  skip: (file) => /\.test\.tsx?$/.test(file),
  proof: ".next/BUILD_ID",
  program: "node_modules/next/dist/bin/next",
  args: ["build"],
  env: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
  cure: "the build's own words are above",
};

const deadlineMs = 5 * 60_000;

/** The inputs' hash when the files must be made, undefined when they are there. */
export async function mustMake(made: MadeFiles): Promise<string | undefined> {
  const hash = await hashOf(made.inputs, made.skip);
  return existsSync(inProject(made.proof)) && (await isDone(made.proof.replaceAll("/", "_"), hash)) ? undefined : hash;
}

export async function make(
  made: MadeFiles,
  hash: string,
  say: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const stamp = made.proof.replaceAll("/", "_");
  await markUndone(stamp);
  const { ok, words, output } = await runCommand(process.execPath, [inProject(made.program), ...made.args], {
    signal,
    deadlineMs,
    keepLines: 200,
    env: made.env,
    onLine: (line) => line.trim() && say(line.trim().slice(0, 60)),
  });
  if (!ok) throw new Failure(`${made.name}: ${words}\n${output}`, made.cure);
  if (!existsSync(inProject(made.proof)))
    throw new Failure(`${made.name}: ended well and made no ${made.proof}\n${output}`);
  await markDone(stamp, hash);
}
