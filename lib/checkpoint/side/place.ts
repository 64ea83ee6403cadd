import { createHash } from "node:crypto";
import path from "node:path";
import { bundleOf, findNode, helperDir, oldestNode, placeFile } from "../../helper/index.ts";
import { BelayError, type HostId } from "../../model/index.ts";
import type { HostShell } from "./shell.ts";

const stepMs = 30_000;
const agentFile = "belay-agent.mjs";
const entry = path.join(import.meta.dirname, "../agent/main.ts");

let made: Promise<{ readonly code: string; readonly sha256: string }> | undefined;

/** The agent as one file, made from its sources at the first call. */
export function agentBundle(): Promise<{ readonly code: string; readonly sha256: string }> {
  made ??= bundleOf(entry).then(({ code }) => ({ code, sha256: createHash("sha256").update(code).digest("hex") }));
  made.catch(() => {
    made = undefined;
  });
  return made;
}

/** Puts the agent on the host where it is missing or another one. Answers how it is started. Twice is once. */
export async function placeAgent(shell: HostShell, host: HostId, dir: string = helperDir): Promise<readonly string[]> {
  const run = async (script: string, args: readonly string[], stdin = "") => {
    const { code, stdout, stderr } = await shell.exec(host, ["sh", "-c", script, "sh", ...args], {
      timeoutMs: stepMs,
      stdin,
    });
    if (code === 0) return stdout.trim();
    throw new BelayError("not-available", stderr.trim().split("\n").at(-1) || "The host refused and said nothing.");
  };
  const [{ code, sha256 }, node] = await Promise.all([
    agentBundle(),
    run(findNode, [oldestNode]).catch((cause: unknown) => {
      if (!(cause instanceof BelayError)) throw cause;
      throw new BelayError("not-available", `The host has no Node ${oldestNode} or newer.`, {
        cure: "On the host: apt install nodejs",
        cause,
      });
    }),
  ]);
  const file = path.posix.join(dir, agentFile);
  const there = await run('sha256sum "$1" 2>/dev/null || true', [file]);
  if (!there.startsWith(sha256)) await run(placeFile, [dir, agentFile, "0700"], code);
  return [node, file];
}
