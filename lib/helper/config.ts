import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { socketPath } from "./places.ts";

/** `belay-host.json`, as the installer writes it. Everything may be left out. */
const config = z.object({
  socket: z._default(z.string().check(z.startsWith("/")), socketPath),
  /** What survives a boot: whether a lease binds this host. */
  stateDir: z._default(z.string().check(z.startsWith("/")), "/var/lib/belay-host"),
  /** What ends with the boot. */
  runDir: z._default(z.string().check(z.startsWith("/")), "/run/belay-host"),
  /** Until a grant names another. */
  leaseMs: z._default(z.number().check(z.int(), z.gte(1_000)), 8_000),
  /** A device, or "none". */
  watchdog: z._default(z.string(), "/dev/watchdog"),
  /** How long the watchdog waits, where it does not say so itself. */
  watchdogMs: z.optional(z.number().check(z.int(), z.gte(1_000))),
});
export type HelperConfig = z.infer<typeof config>;

export const readConfig = (file: string | undefined): HelperConfig =>
  config.parse(file === undefined ? {} : JSON.parse(readFileSync(file, "utf8")));
