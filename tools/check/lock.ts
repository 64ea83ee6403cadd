interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

/**
 * Packages that the lock file should name and does not. A registry that lacks some platform's package makes npm leave it out
 * without a word, and `npm ci` then refuses the lock file on that platform.
 */
export function missingFromLock(packages: Readonly<Record<string, LockedPackage>>): string[] {
  return Object.entries(packages).flatMap(([at, { version, optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !folders(at).some((dir) => `${dir}node_modules/${name}` in packages))
      .map((name) => `${name} is missing (wanted by ${at || "the project"} ${version ?? ""})`),
  );
}

/** Addresses of a registry in the lock file: they would bind every user to the registry of one. */
export const addressesInLock = (packages: Readonly<Record<string, LockedPackage>>): string[] =>
  Object.entries(packages).flatMap(([at, { resolved }]) =>
    resolved?.startsWith("http")
      ? [`${at} names the registry it came from: npm install with this project's .npmrc`]
      : [],
  );

/** Where Node looks from a package outwards: its own folder, then each folder around it. */
function folders(at: string): string[] {
  const dirs = [at ? `${at}/` : ""];
  for (let dir = at; dir; ) {
    const cut = dir.lastIndexOf("node_modules/");
    dir = cut > 0 ? dir.slice(0, cut - 1) : "";
    dirs.push(dir ? `${dir}/` : "");
  }
  return dirs;
}
