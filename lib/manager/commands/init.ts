import { writeFile } from "node:fs/promises";
import { ManagerError } from "../servers.ts";
import { example } from "./example.ts";
import type { Result } from "./io.ts";

/** A description to begin with. What is there is never written over. */
export async function writeExample(file: string): Promise<Result> {
  await writeFile(file, example, { flag: "wx" }).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST")
      throw new ManagerError({
        code: "exists",
        message: `${file} is there already.`,
        cure: "Give the name of a file that is not there: belay-manager init",
      });
    throw cause;
  });
  return {
    data: { written: file },
    lines: [`Wrote ${file}: a balancer, two servers behind it and a pair of databases, to be changed to yours.`],
    next: "belay-manager validate FILE",
  };
}
