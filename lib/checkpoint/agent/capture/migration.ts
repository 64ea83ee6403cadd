import { AgentFailure } from "../failure.ts";
import { asRecord, asText, type Monitor } from "../monitor.ts";

/** Of QEMU's migration, which the captures of memory use. */
export const bytesPerSecond = 8 * 1024 * 1024 * 1024;
const migrateMs = 30 * 60_000;
const ownCapabilities = ["background-snapshot", "pause-before-switchover"] as const;
export type OwnCapability = (typeof ownCapabilities)[number];

/** Throws what QEMU says where it does not offer it for this guest. */
export async function setCapability(
  monitor: Pick<Monitor, "qmp">,
  capability: OwnCapability,
  state: boolean,
): Promise<void> {
  await monitor.qmp("migrate-set-capabilities", { capabilities: [{ capability, state }] });
}

/** A later migration or save of libvirt's would inherit them. */
export async function resetCapabilities(monitor: Monitor): Promise<void> {
  for (const capability of ownCapabilities) await setCapability(monitor, capability, false).catch(() => undefined);
}

export interface MigrationState {
  /** "none", "setup", "active", "pre-switchover", "completed", "failed", "cancelled", … */
  readonly status: string;
  readonly error: string;
  /** Why this guest cannot be migrated or saved at all; "" where it can. */
  readonly blocked: string;
}

export async function migrationState(monitor: Monitor, timeoutMs?: number): Promise<MigrationState> {
  const found = asRecord(await monitor.qmp("query-migrate", {}, timeoutMs));
  const blocked = found["blocked-reasons"];
  return {
    status: asText(found.status) || "none",
    error: asText(found["error-desc"]),
    blocked: Array.isArray(blocked) ? blocked.join(" ") : "",
  };
}

const ended = new Set(["none", "completed", "failed", "cancelled"]);
export const isEnded = ({ status }: MigrationState) => ended.has(status);

/** Until it has one of these states. Throws `AgentFailure` where it ends otherwise. */
export async function migrationReaches(
  monitor: Monitor,
  wanted: string,
  signal: AbortSignal,
  timeoutMs = migrateMs,
): Promise<void> {
  await monitor.until(
    "the memory",
    "MIGRATION",
    async () => {
      const state = await migrationState(monitor);
      if (state.status === wanted) return true;
      if (!isEnded(state)) return undefined;
      throw new AgentFailure("interrupted", "The memory could not be read.", `QEMU: ${state.status} ${state.error}`);
    },
    { timeoutMs, signal, everyMs: 100 },
  );
}

/** Never of a background snapshot: it is read to its end by whoever inherited it. See ram-socket.ts. */
export async function cancelMigration(monitor: Monitor): Promise<void> {
  if (isEnded(await migrationState(monitor))) return;
  await monitor.qmp("migrate_cancel");
  await awaitMigration(monitor, 10_000);
}

export async function awaitMigration(monitor: Monitor, timeoutMs = migrateMs): Promise<void> {
  await monitor.until(
    "the end of the migration",
    "MIGRATION",
    async () => isEnded(await migrationState(monitor)) || undefined,
    {
      timeoutMs,
      everyMs: 50,
    },
  );
}
