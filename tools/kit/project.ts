import path from "node:path";

/** The folder of package.json. */
export const projectDir = path.resolve(import.meta.dirname, "../..");

export const inProject = (...parts: string[]): string => path.join(projectDir, ...parts);

/** Node's own options for our TypeScript files. */
export const nodeArguments = ["--disable-warning=ExperimentalWarning"];
