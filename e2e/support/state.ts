import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

/** A server as the tests see it. */
const running = z.object({ url: z.string(), dataDir: z.string() });

/** What e2e/start.ts brought up, in a file that it names on its stdout. */
export const e2eState = z.object({
  /** Before real hosts where `lab` is named, else before a simulated cloud. */
  server: running,
  lab: z.string().nullable(),
  /** Always before a simulated cloud, with no traffic on the other one's. */
  simulated: running,
  /** A port of 127.0.0.1 that the first server takes for its own in the browser's Origin; nobody listens there yet. */
  proxyPort: z.int(),
});
export type E2eState = z.infer<typeof e2eState>;
export type RunningState = z.infer<typeof running>;

export function readState(): E2eState {
  const file = process.env.BELAY_E2E_STATE;
  if (file === undefined) throw new Error("BELAY_E2E_STATE is not set: run the tests by `npx playwright test`");
  return e2eState.parse(JSON.parse(readFileSync(file, "utf8")));
}

const accounts = z.object({
  accounts: z.array(z.object({ organization: z.string(), email: z.string(), password: z.string() })),
});

/** The account of the organization that the first start made. */
export function accountOf({ dataDir }: RunningState, organization: string) {
  const file = path.join(dataDir, "accounts.json");
  const found = accounts
    .parse(JSON.parse(readFileSync(file, "utf8")))
    .accounts.find((it) => it.organization === organization);
  if (found === undefined) throw new Error(`${file} has no account of ${organization}`);
  return found;
}
