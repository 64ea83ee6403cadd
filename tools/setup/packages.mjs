// The npm packages, installed when the lock file and what is installed differ. No dependency: this runs before there are any.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const modules = path.join(projectDir, "node_modules");
const stamp = path.join(modules, ".belay-lock-sha256");

/** Path of the Node binary (24) that the npm package `node` brings. */
export const node24 = () => path.join(modules, ".bin", "node");

const lockHash = () => createHash("sha256").update(readFileSync(path.join(projectDir, "package-lock.json"))).digest("hex");

/** True when node_modules is what package-lock.json says. */
export const packagesInstalled = () => existsSync(node24()) && existsSync(stamp) && readFileSync(stamp, "utf8") === lockHash();

/** Runs `npm ci` when it is needed; does nothing the second time. Ends the process with npm's own words when it fails. */
export async function ensurePackages() {
  if (packagesInstalled()) return false;
  console.error("npm packages: installing what package-lock.json names (under a minute)");
  const done = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: projectDir, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) {
    console.error("npm ci failed: see above. Is the npm registry reachable from here?");
    process.exit(done.status ?? 1);
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, lockHash());
  return true;
}
