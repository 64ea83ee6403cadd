import { setTimeout as sleep } from "node:timers/promises";
import { ignoreShared } from "../../stream/index.ts";
import { AgentFailure } from "../failure.ts";
import { asList, asNumber, asRecord, asText, type Monitor } from "../monitor.ts";

/** Of QEMU's migration, which the captures of memory use. */
export const bytesPerSecond = 8 * 1024 * 1024 * 1024;
const firstLookMs = 100;
const migrateMs = 30 * 60_000;
const ownCapabilities = ["background-snapshot", "pause-before-switchover", ignoreShared] as const;
export type OwnCapability = (typeof ownCapabilities)[number];

/** Throws what QEMU says where it does not offer it for this guest. */
export async function setCapability(
  monitor: Pick<Monitor, "qmp">,
  capability: OwnCapability,
  state: boolean,
): Promise<void> {
  await monitor.qmp("migrate-set-capabilities", { capabilities: [{ capability, state }] });
}

/** A later migration or save of libvirt's would inherit them. Throws where one stays on: then the capture's mark has to stay as well. */
export async function resetCapabilities(monitor: Pick<Monitor, "qmp">): Promise<void> {
  const found = asList(await monitor.qmp("query-migrate-capabilities"));
  for (const capability of ownCapabilities)
    if (found.some((it) => it.capability === capability && it.state === true))
      await setCapability(monitor, capability, false);
}

/** Sets them, and answers how they were: a later migration of libvirt's would inherit these, too. */
export async function setParameters(monitor: Monitor, wanted: Readonly<Record<string, number>>) {
  const found = asRecord(await monitor.qmp("query-migrate-parameters"));
  const before = Object.fromEntries(Object.keys(wanted).map((name) => [name, asNumber(found[name])]));
  await monitor.qmp("migrate-set-parameters", wanted);
  return before;
}

export interface MigrationState {
  /** "none", "setup", "active", "pre-switchover", "completed", "failed", "cancelled", … */
  readonly status: string;
  readonly error: string;
  /** How often QEMU has begun with what the guest had changed meanwhile. */
  readonly passes: number;
  /** Why this guest cannot be migrated or saved at all; "" where it can. */
  readonly blocked: string;
}

export async function migrationState(monitor: Monitor, timeoutMs?: number): Promise<MigrationState> {
  const found = asRecord(await monitor.qmp("query-migrate", {}, timeoutMs));
  const blocked = found["blocked-reasons"];
  return {
    status: asText(found.status) || "none",
    error: asText(found["error-desc"]),
    passes: asNumber(asRecord(found.ram)["dirty-sync-count"]),
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
  look?: (state: MigrationState) => void,
): Promise<void> {
  await monitor.until(
    "the memory",
    "MIGRATION",
    async () => {
      const state = await migrationState(monitor);
      if (state.status === wanted) return true;
      if (!isEnded(state)) {
        look?.(state);
        return undefined;
      }
      throw new AgentFailure("interrupted", "The memory could not be read.", `QEMU: ${state.status} ${state.error}`);
    },
    { timeoutMs, signal, everyMs: 100 },
  );
}

/**
 * The same by QEMU's own word, which is there a round trip earlier: for the time in which a guest stands. To be called before what leads to
 * it is asked for.
 */
export async function migrationSays(
  monitor: Monitor,
  wanted: string,
  signal: AbortSignal,
  look?: (state: MigrationState) => void,
): Promise<void> {
  let stop = () => {};
  const said = new Promise<void>((resolve) => {
    stop = monitor.listen((event, { status }) => {
      if (event === "MIGRATION" && status === wanted) resolve();
    });
  });
  const over = new AbortController();
  try {
    // Events may get lost: so it is asked, too, but only when that takes long.
    const asked = (async () => {
      await sleep(firstLookMs, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false });
      await migrationReaches(monitor, wanted, AbortSignal.any([signal, over.signal]), migrateMs, look);
    })();
    asked.catch(() => undefined);
    await Promise.race([said, asked]);
    signal.throwIfAborted();
  } finally {
    over.abort();
    stop();
  }
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
