import { spawn } from "node:child_process";
import { hostKeyLine } from "../host/files.ts";
import { LabError, type LabState } from "../index.ts";
import { labPaths } from "../paths.ts";
import { writeAtomic } from "../system/files.ts";
import { hostOf } from "./show.ts";

/** SSH to a host with the lab's key, the host's key known in advance. Answers ssh's exit code. */
export async function openShell(lab: LabState, name: string, command: readonly string[]): Promise<number> {
  const host = hostOf(lab, name);
  if (host.power === "off") throw new LabError(`${name} is off`, `npm run lab -- power on ${name} --lab ${lab.name}`);
  const { knownHosts } = labPaths(lab.name);
  const lines = await Promise.all(
    lab.hosts.map(async (one) => `${one.address} ${await hostKeyLine(lab.name, one.name)}`),
  );
  await writeAtomic(knownHosts, `${lines.join("\n")}\n`, 0o600);
  const options = [
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
  ];
  const flags = ["-F", "/dev/null", "-i", lab.identityFile, ...options.flatMap((option) => ["-o", option])];
  const child = spawn("ssh", [...flags, `root@${host.address}`, ...(command.length > 0 ? ["--", ...command] : [])], {
    stdio: "inherit",
  });
  return await new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new LabError("ssh cannot be started", "apt-get install openssh-client", { cause })),
    );
    child.on("exit", (code) => resolve(code ?? 255));
  });
}
