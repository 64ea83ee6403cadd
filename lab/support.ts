import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { labSourceDir } from "./paths.ts";
import { LabError } from "./system/error.ts";

const packageList = z.array(z.object({ package: z.string(), program: z.string(), why: z.string() }));

/** Debian packages the lab needs, each with the program that proves it is there. Data: the set-up step reads the same file. */
export const requiredDebianPackages = packageList.parse(
  JSON.parse(readFileSync(path.join(labSourceDir, "packages.json"), "utf8")),
);

/** Linux capabilities by their bit: for namespaces and mounts, and for bridges. */
const capabilities = { CAP_SYS_ADMIN: 21, CAP_NET_ADMIN: 12 };

export type Support = { ok: true } | { ok: false; why: string; cure: string };

/** Whether this machine can run the lab. When not, `npm start` uses the simulated cloud. */
export function labSupported(): Support {
  if (process.platform !== "linux")
    return { ok: false, why: `the lab needs Linux, this is ${process.platform}`, cure: "use the simulated cloud" };
  if (process.arch !== "x64")
    return {
      ok: false,
      why: `the lab needs an x86-64 machine, this is ${process.arch}`,
      cure: "use the simulated cloud",
    };
  if (process.getuid?.() !== 0)
    return { ok: false, why: "the lab needs root, for namespaces and bridges", cure: "run it as root, or with sudo" };
  const rights = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`);
  const lacking = Object.entries(capabilities).find(([, bit]) => (rights & (1n << BigInt(bit))) === 0n);
  if (lacking)
    return {
      ok: false,
      why: `root has no ${lacking[0]} here, as in most containers`,
      cure: "use a virtual machine, or --privileged",
    };
  const missing = requiredDebianPackages.filter((one) => !existsSync(one.program));
  const first = missing[0];
  if (first) {
    const names = missing.map((one) => one.package).join(" ");
    return { ok: false, why: `${first.program} is missing (${first.why})`, cure: `apt-get install ${names}` };
  }
  const nodes = ["/dev/net/tun", "/proc/self/ns/net", "/proc/self/ns/pid"].filter((file) => !existsSync(file));
  if (nodes.length > 0)
    return {
      ok: false,
      why: `${nodes[0]} is missing in this system`,
      cure: "use a virtual machine instead of a container",
    };
  return { ok: true };
}

/** Throws what labSupported found. */
export function requireSupport(): void {
  const support = labSupported();
  if (!support.ok) throw new LabError(support.why, support.cure);
}
