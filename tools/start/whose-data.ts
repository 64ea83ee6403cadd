import { existsSync } from "node:fs";
import path from "node:path";
import { Failure } from "../kit/failure.ts";
import { readAccounts } from "./welcome.ts";

/** A data directory that began with --no-lab has none of the demo's customers, and its hosts are somebody's own: the demo stays out of it. */
export async function refuseDemoIn(dataDir: string): Promise<void> {
  if (!existsSync(path.join(dataDir, "accounts.json"))) return;
  if ((await readAccounts(dataDir)).some(({ role }) => role === "customer")) return;
  throw new Failure(
    `${dataDir} is of a Belay for hosts of your own (--no-lab), and the demo does not belong into it`,
    "npm start -- --no-lab; or for the demo beside it: BELAY_DATA=.data/demo npm start",
  );
}
