// The npm packages, installed when the lock file and what is installed differ. No dependency: this runs before there are any.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const modules = path.join(projectDir, "node_modules");
const stamp = path.join(modules, ".belay-lock-sha256");
const showEveryMs = 5_000;
const wordsKept = 40;

/** Path of the Node binary (24) that the npm package `node` brings. */
export const node24 = () => path.join(modules, ".bin", "node");

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(path.join(projectDir, "package-lock.json")))
    .digest("hex");

/** True when node_modules is what package-lock.json says. */
export const packagesInstalled = () =>
  existsSync(node24()) && existsSync(stamp) && readFileSync(stamp, "utf8") === lockHash();

/** Runs `npm ci` when it is needed; does nothing the second time. Ends the process with npm's own words when it fails. */
export async function ensurePackages() {
  if (packagesInstalled()) return false;
  const startedMs = Date.now();
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;
  const fetched = new Set();
  const rewrites = process.stderr.isTTY === true;
  const show = () => {
    // No total: npm leaves out what is for other platforms.
    const line = `  npm packages: ${fetched.size} fetched, ${seconds()}`;
    process.stderr.write(rewrites ? `\r\x1b[K${line}` : `${line}\n`);
  };
  console.error("▸ npm packages: installing what package-lock.json names (about a minute the first time)");
  const timer = setInterval(show, rewrites ? 250 : showEveryMs);
  const { code, words } = await npmCi((name) => fetched.add(name));
  clearInterval(timer);
  if (rewrites) process.stderr.write("\r\x1b[K");
  if (code !== 0) {
    console.error(words.join("\n"));
    console.error(
      `✗ npm ci failed after ${seconds()}: npm's words are above. Is the npm registry reachable from here?`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, lockHash());
  console.error(`✓ npm packages  ${seconds()}`);
  return true;
}

/** npm says nothing for a minute unless it is asked to log each fetch; we count those and keep the rest for an error. */
function npmCi(onFetch) {
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=http"], {
    cwd: projectDir,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const words = [];
  const read = (line) => {
    const [, archive] = /^npm http .*\/([^/\s]+\.tgz)/.exec(line) ?? [];
    if (archive) onFetch(archive);
    else if (!line.startsWith("npm http ") && line.trim()) words.push(line);
    if (words.length > wordsKept) words.shift();
  };
  createInterface({ input: child.stdout }).on("line", read);
  createInterface({ input: child.stderr }).on("line", read);
  // The terminal sends Ctrl-C to npm as well; a SIGTERM meant for us is passed on.
  const stop = () => child.kill("SIGTERM");
  process.once("SIGTERM", stop);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 1, words: [`npm cannot be started: ${error.message}`] }));
    child.on("close", (code) => {
      process.off("SIGTERM", stop);
      resolve({ code: code ?? 1, words });
    });
  });
}
