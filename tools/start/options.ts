import path from "node:path";
import { parseArgs } from "node:util";
import { defaultLab } from "../../lab/index.ts";
import { Failure } from "../kit/failure.ts";
import { projectDir } from "../kit/project.ts";

export interface StartOptions {
  /** The person wants a simulated cloud and no lab. */
  readonly simulated: boolean;
  /** The person wants neither: Belay for hosts of their own, with nothing of the demo. */
  readonly noLab: boolean;
  /** The person wants no auction. */
  readonly noAuction: boolean;
  readonly host: string;
  readonly port: number;
  /** Everything that this Belay keeps. Two at once need two of these, two ports and two labs. */
  readonly dataDir: string;
  readonly lab: string;
  /** Where a browser on this machine finds it. */
  readonly url: string;
}

const usage =
  "npm start -- [--no-lab | --simulated] [--no-auction] [--port N]   (also by environment: PORT, HOST, BELAY_DATA, BELAY_LAB, DATABASE_URL)";

export function readStartOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): StartOptions {
  const {
    simulated,
    "no-lab": noLab,
    "no-auction": noAuction,
    port: portText,
  } = (() => {
    try {
      const known = {
        simulated: { type: "boolean" },
        "no-lab": { type: "boolean" },
        "no-auction": { type: "boolean" },
        port: { type: "string" },
      } as const;
      return parseArgs({ args: [...args], options: known }).values;
    } catch (cause) {
      throw new Failure(cause instanceof Error ? cause.message : String(cause), usage, { cause });
    }
  })();
  if (noLab && (simulated || env.BELAY_SIMULATED === "1"))
    throw new Failure(
      "--no-lab is for real hosts, and a simulated cloud was asked for too",
      "leave --no-lab out, or --simulated and BELAY_SIMULATED",
    );
  const port = Number(portText ?? env.PORT ?? 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Failure(`"${portText ?? env.PORT}" is no port`, "a number from 1 to 65535");
  const host = env.HOST || "127.0.0.1";
  return {
    simulated: simulated === true || env.BELAY_SIMULATED === "1",
    noLab: noLab === true,
    noAuction: noAuction === true,
    host,
    port,
    dataDir: path.resolve(projectDir, env.BELAY_DATA || ".data/belay"),
    lab: env.BELAY_LAB || defaultLab,
    url: `http://${addressFor(host)}:${port}`,
  };
}

/** "Every address" is none that a browser can open. */
function addressFor(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
