import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Description } from "../description/index.ts";
import { ManagerError } from "../servers.ts";

/** Passwords by their names, read once. What is made up stays in the state directory, for this user alone. */
export async function secretsOf(
  { secrets }: Description,
  directory: string,
  stateDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<(name: string) => string> {
  const values = new Map<string, string>();
  for (const [name, secret] of Object.entries(secrets)) {
    const value =
      secret.env !== undefined
        ? env[secret.env]
        : secret.file !== undefined
          ? (await readFile(path.resolve(directory, secret.file), "utf8")).replace(/\r?\n$/, "")
          : await madeUp(path.join(stateDir, "secrets"), name);
    if (value === undefined || value === "")
      throw new ManagerError({
        code: "secret-missing",
        message: `The secret ${name} is empty.`,
        field: `secrets.${name}`,
        cure: secret.env === undefined ? "Write it into its file." : `Set the variable ${secret.env}.`,
      });
    values.set(name, value);
  }
  return (name) => {
    const value = values.get(name);
    if (value === undefined) throw new ManagerError({ code: "secret-missing", message: `There is no secret ${name}.` });
    return value;
  };
}

async function madeUp(directory: string, name: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, name);
  await writeFile(file, randomBytes(18).toString("base64url"), { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  return readFile(file, "utf8");
}
