import { DBOS } from "@dbos-inc/dbos-sdk";
import { registerInternalQueue } from "@dbos-inc/dbos-sdk/internal/wfqueue";
import pg from "pg";
import type { Log, RepairRunner, WorkId, WorkProgram } from "../engine/ports.ts";
import { Gate } from "./gate.ts";
import { quietLogger } from "./quiet-logger.ts";
import { nameOf, type Running, repairWorkflow, setRunning } from "./repair-workflow.ts";

export interface RunnerOptions {
  readonly databaseUrl: string;
  /**
   * Whose work is recovered at launch. Two live processes under one id would do steps twice: whoever launches must hold the
   * advisory lock of this id.
   */
  readonly executorId: string;
  readonly log: Log;
  /**
   * How many programs run at a time; the others wait. The repair of a host waits for those of its VMs, so this must be more than there
   * can be hosts lost at once. A program that waits costs next to nothing. Default 4096.
   */
  readonly concurrency?: number;
}

/** Fixed: DBOS recovers only what was begun under the same name and version. The program keeps its steps' names and order. */
const application = { name: "belay-repairs", version: "1" } as const;

/**
 * What is recovered, and what goes on after it broke off, comes through DBOS's own queue, which it would look at once a second. There
 * is no public setting for this one.
 */
const recoveryQueue = { name: "_dbos_internal_queue", minPollingIntervalMs: 250 } as const;

/** Our own connections for DBOS: those that it opens itself send a first statement in a way that pg warns about. */
function openPool(databaseUrl: string, running: Running): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    idle_in_transaction_session_timeout: 60_000,
    application_name: "belay repairs",
  });
  pool.on("error", (error) => {
    if (!running.closing)
      running.log.warn("a connection of the repairs to the database broke", { error: error.message });
  });
  return pool;
}

const brokeOff: ReadonlySet<string> = new Set(["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]);

/** The number of the step that failed, or the one after the last: what is before it stays done. */
async function firstUndone(workflowId: string): Promise<number> {
  const steps = (await DBOS.listWorkflowSteps(workflowId)) ?? [];
  const failed = steps.find((step) => step.error !== null);
  return failed?.functionID ?? Math.max(-1, ...steps.map((step) => step.functionID)) + 1;
}

/**
 * Repairs as durable workflows of DBOS, journalled in the schema `dbos` of our database. The id of the workflow is the id of the
 * repair, so starting twice is one run, and starting one that ended does nothing. One whose program threw is shown through
 * `log.error`, stays as it is, and goes on at the step that failed when it is started again: start the open repairs at every start.
 */
export function dbosRunner(options: RunnerOptions): RepairRunner {
  const { databaseUrl, executorId, log, concurrency = 4096 } = options;
  let program: WorkProgram | undefined;
  let running: Running | undefined;
  let pool: pg.Pool | undefined;

  return {
    register(given) {
      if (program !== undefined) throw new Error("a runner has one program, and it is registered already");
      program = given;
    },

    async launch() {
      if (program === undefined) throw new Error("register the program before the launch");
      if (DBOS.isInitialized()) throw new Error("another runner is at work in this process: close it first");
      const next: Running = { program, gate: new Gate(concurrency), log, closing: false };
      const connections = openPool(databaseUrl, next);
      setRunning(next);
      registerInternalQueue(recoveryQueue.name, { minPollingIntervalMs: recoveryQueue.minPollingIntervalMs });
      DBOS.setConfig({
        name: application.name,
        applicationVersion: application.version,
        executorID: executorId,
        systemDatabaseUrl: databaseUrl,
        systemDatabasePool: connections,
        systemDatabaseSchemaName: "dbos",
        useListenNotify: false, // for messages between workflows: we have none
        logger: quietLogger(log),
      });
      try {
        await DBOS.launch();
      } catch (error) {
        next.closing = true;
        setRunning(undefined);
        await DBOS.shutdown().catch(() => undefined);
        await connections.end();
        throw error;
      }
      running = next;
      pool = connections;
    },

    async start(work: WorkId) {
      if (running === undefined || running.closing) throw new Error("the runner is not launched");
      const { status } = (await DBOS.getWorkflowStatus(work)) ?? {};
      if (status === undefined) await DBOS.startWorkflow(repairWorkflow, { workflowID: work })(work);
      else if (brokeOff.has(status)) {
        const startStep = await firstUndone(work);
        log.info(`${nameOf(work)} had broken off and goes on`, { startStep });
        await DBOS.rewindWorkflow(work, { startStep });
      }
    },

    /** Does not wait for repairs at work: they go on at the next launch, from the step that was in flight. */
    async close() {
      if (running === undefined || running.closing) return;
      running.closing = true;
      setRunning(undefined);
      await DBOS.shutdown();
      await pool?.end();
    },
  };
}
