import path from "node:path";

/** The folder of package.json. */
export const projectDir = path.resolve(import.meta.dirname, "../..");

export const inProject = (...parts: string[]): string => path.join(projectDir, ...parts);

/**
 * Node's own options for our TypeScript files. Of a cloud of 20,000 VMs much is short-lived and some is not: with room for 32 MiB of young things
 * the collector copies less, pauses shorter, and the whole takes less memory (measured by `npm run bench -- scale`). V8 also learns at the start,
 * when whatever is made is kept, to make such things old from birth, and never unlearns it: then what every scan reads fills the old space.
 */
export const nodeArguments = [
  "--disable-warning=ExperimentalWarning",
  "--max-semi-space-size=32",
  "--no-allocation-site-pretenuring",
];
