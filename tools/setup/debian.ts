import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { runCommand } from "../kit/command.ts";
import { Failure } from "../kit/failure.ts";
import { inProject } from "../kit/project.ts";
import { forbidServices } from "./forbid-services.ts";

const packageList = z.array(z.object({ package: z.string(), program: z.string(), why: z.string() }));
export type DebianPackage = z.infer<typeof packageList>[number];

/** The browser of the e2e tests and of `npm run bench -- live`. CHROMIUM names another one. */
export const chromium: DebianPackage = {
  package: "chromium",
  program: process.env.CHROMIUM ?? "/usr/bin/chromium",
  why: "the browser of the tests",
};

/** What the lab needs, as the lab itself says. */
export async function labPackages(): Promise<DebianPackage[]> {
  return packageList.parse(JSON.parse(await readFile(inProject("lab", "packages.json"), "utf8")));
}

export const missingOf = (packages: readonly DebianPackage[]): DebianPackage[] =>
  packages.filter(({ program }) => !existsSync(program));

export const installCommand = (packages: readonly DebianPackage[]): string =>
  `apt-get install --no-install-recommends ${packages.map((one) => one.package).join(" ")}`;

/** Whether this process may install Debian packages, or else why not. */
export function whyNoInstall(): string | undefined {
  if (!existsSync("/usr/bin/apt-get")) return "this system has no apt-get";
  return process.getuid?.() === 0 ? undefined : "only root may install Debian packages";
}

/** One line per package: what is missing and what it is for. */
export const reasons = (packages: readonly DebianPackage[]): string[] =>
  packages.map((one) => `    ${one.package}: ${one.why}`);

const installDeadlineMs = 8 * 60_000;

/** Installs what is missing. Starts no service: the lab's hosts run their own libvirtd and sshd. */
export async function installDebian(
  missing: readonly DebianPackage[],
  say: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const allow = await forbidServices();
  try {
    // A run that was cut off in the middle leaves packages unpacked and not set up.
    await apt("dpkg", ["--force-confold", "--configure", "-a"], say, signal);
    const install = () =>
      apt(
        "apt-get",
        ["-y", "-q", "--no-install-recommends", ...aptOptions, "install", ...missing.map((one) => one.package)],
        say,
        signal,
      );
    if (!(await hasPackageLists())) await update(say, signal);
    let done = await install();
    if (!done.ok && !signal.aborted) {
      // The lists may name versions that the mirror no longer has.
      await update(say, signal);
      done = await install();
    }
    if (!done.ok)
      throw new Failure(
        `${installCommand(missing)}: ${done.words}\n${done.output}`,
        "run it by hand, then start again",
      );
  } finally {
    await allow();
  }
  const still = missingOf(missing);
  if (still.length > 0)
    throw new Failure(
      `installed, and still not there: ${still.map((one) => one.program).join(", ")}`,
      "is another program in its place (dpkg-divert), or is this not Debian?",
    );
}

const aptOptions = [
  "-o",
  "DPkg::Lock::Timeout=120",
  "-o",
  "Dpkg::Use-Pty=0",
  "-o",
  "Dpkg::Options::=--force-confold",
  "-o",
  "APT::Status-Fd=3",
];

async function update(say: (detail: string) => void, signal: AbortSignal): Promise<void> {
  say("reading the package lists");
  const { ok, words, output } = await apt("apt-get", ["-q", "update", "-o", "DPkg::Lock::Timeout=120"], say, signal);
  if (!ok) throw new Failure(`apt-get update: ${words}\n${output}`, "is Debian's package archive reachable from here?");
}

/** Whether apt was ever told what there is. A fresh container has no lists. */
async function hasPackageLists(): Promise<boolean> {
  const { output } = await runCommand("apt-cache", ["policy", "libvirt-daemon-system"], {});
  return /Candidate: (?!\(none\))/.test(output);
}

function apt(program: string, args: readonly string[], say: (detail: string) => void, signal: AbortSignal) {
  return runCommand(program, args, {
    signal,
    deadlineMs: installDeadlineMs,
    stopSignal: "SIGINT",
    patienceMs: 60_000, // dpkg ends the package it is at
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    onStatus(line) {
      // "pmstatus:libvirt0:34.5:Unpacking libvirt0 (amd64)" or "dlstatus:2:20.1:Retrieving file 2 of 9 (3s remaining)"
      const [kind, , percent, ...words] = line.split(":");
      if (kind === "pmstatus" || kind === "dlstatus")
        say(`${Math.round(Number(percent))} %, ${words.join(":").slice(0, 60)}`);
    },
  });
}
