import { LabError } from "../system/error.ts";
import { must, plainEnv, type RunOptions, run } from "../system/run.ts";

export const suite = "bookworm";

/** Our plain environment, with the proxy settings of the caller: without them no package can be fetched on some networks. */
export function fetchEnv(): NodeJS.ProcessEnv {
  const names = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
  const proxies = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return { ...plainEnv, DEBIAN_FRONTEND: "noninteractive", ...proxies };
}

async function siteInApt(): Promise<string | undefined> {
  const format = "$(ORIGIN)\t$(CODENAME)\t$(COMPONENT)\t$(SITE)\t$(CREATED_BY)";
  const lines = (await must(["apt-get", "indextargets", "--format", format]))
    .split("\n")
    .map((line) => line.split("\t"));
  const main = lines.filter(
    ([origin, , component, , by]) => origin === "Debian" && component === "main" && by === "Packages",
  );
  // The suite's own line first; any archive of Debian carries bookworm, security and updates do not.
  const plain = main.filter(([, codename = ""]) => !/security|updates|backports/.test(codename));
  return (plain.find(([, codename]) => codename === suite) ?? plain[0])?.[3];
}

/** The Debian mirror this machine's apt is set to, for debootstrap. Fetches apt's lists first when there are none. */
export async function debianMirror(options: RunOptions): Promise<string> {
  const found = (await siteInApt()) ?? (await afterUpdate(siteInApt, options));
  if (found) return found;
  throw new LabError(
    "apt knows no Debian archive to build the guest image from",
    "add a Debian source to apt, then apt-get update",
  );
}

async function afterUpdate<T>(ask: () => Promise<T>, options: RunOptions): Promise<T> {
  await run(["apt-get", "-q", "update"], { ...options, env: fetchEnv() });
  return await ask();
}

async function kernelInApt(): Promise<{ package: string; version: string } | undefined> {
  const found = await run(["apt-cache", "show", "--no-all-versions", "linux-image-cloud-amd64"]);
  const match = /^Depends: (linux-image-\S+-cloud-amd64) \(= ([^)]+)\)/m.exec(found.stdout);
  return match?.[1] && match[2] ? { package: match[1], version: match[2] } : undefined;
}

/** The kernel package that linux-image-cloud-amd64 stands for today, by apt's lists as they are. */
export const currentKernel = kernelInApt;

/** As currentKernel, fetching apt's lists when they say nothing. */
export async function requireKernel(options: RunOptions): Promise<{ package: string; version: string }> {
  const found = (await kernelInApt()) ?? (await afterUpdate(kernelInApt, options));
  if (found) return found;
  throw new LabError(
    "apt has no package linux-image-cloud-amd64",
    "the guest image needs a Debian machine with apt's lists fetched: apt-get update",
  );
}
