import { setTimeout as sleep } from "node:timers/promises";
import { conversationList, type IncidentView } from "../../../lib/contract/index.ts";
import { until } from "../../stack/enrol.ts";
import type { AuctionLab } from "./auction-lab.ts";
import { connectVm, inVm, type VmConnection } from "./auction-ssh.ts";

/** The databases of the auction: the server, and the VM that carries it. */
export const databases = { "db-1": "database-1", "db-2": "database-2" } as const;
export type DatabaseVm = keyof typeof databases;
export const otherOf = (vm: DatabaseVm): DatabaseVm => (vm === "db-1" ? "db-2" : "db-1");

/** Where the time went, one after the other, in milliseconds. null: it was not told. */
export interface Phases {
  readonly detectMs: number | null;
  readonly agreeMs: number | null;
  readonly vmBackMs: number | null;
  readonly deployingMs: number | null;
  readonly startingMs: number | null;
  readonly synchronisingMs: number | null;
}

export interface RepairSeen {
  readonly repairMs: number;
  readonly rotationMs: number;
  readonly phases: Phases;
  readonly steps: readonly string[];
}

const lookEveryMs = 200;
const withinMs = 5 * 60_000;

/** What HAProxy itself says of its back end: UP, DOWN, … */
async function statusOf(proxy: string, server: string): Promise<string | undefined> {
  const reply = await fetch(`http://${proxy}:8404/;csv`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  if (!reply?.ok) return undefined;
  const lines = (await reply.text()).split("\n").map((line) => line.split(","));
  const column = lines[0]?.indexOf("status") ?? -1;
  return lines.find(([backend, name]) => backend === "servers" && name === server)?.[column];
}

/** It has all that its mirror had when this was asked, and each follows the other. */
async function synchronised(mirror: VmConnection, repaired: VmConnection, vm: DatabaseVm): Promise<boolean> {
  const seen = await mirror.sql(
    databases[otherOf(vm)],
    "SELECT @@global.gtid_binlog_pos; SHOW STATUS LIKE 'Slave_running'",
  );
  const [position, following] = [seen[0]?.[0] ?? "", seen[1]?.[1]];
  const rows = await repaired.sql(
    databases[vm],
    `SELECT MASTER_GTID_WAIT('${position}', 60); SHOW STATUS LIKE 'Slave_running'`,
  );
  return rows[0]?.[0] === "0" && rows[1]?.[1] === "ON" && following === "ON";
}

/**
 * Kills the VM, and waits until its database is in rotation again (HAProxy says so), has all that its mirror has, and its mirror follows it:
 * looked at from outside of Belay.
 */
export async function repairOf(lab: AuctionLab, vm: DatabaseVm, signal: AbortSignal): Promise<RepairSeen> {
  const [proxy, address, mirror] = await Promise.all([
    lab.address("dbproxy"),
    lab.address(vm),
    lab.address(otherOf(vm)),
  ]);
  const server = databases[vm];
  const { stateDir } = lab.staged;
  const mirrorVm = await connectVm(stateDir, mirror);
  const killedAt = await lab.kill(vm);
  const look = (what: string, wanted: (status: string) => boolean) =>
    until(
      what,
      async () => {
        signal.throwIfAborted();
        const status = await statusOf(proxy, server);
        return status !== undefined && wanted(status) ? status : undefined;
      },
      lookEveryMs,
      withinMs,
    );
  await look(`${server} is out of rotation`, (status) => status.startsWith("DOWN"));
  await look(`${server} is in rotation again`, (status) => status === "UP");
  const rotationMs = Date.now() - killedAt;
  try {
    await inVm(stateDir, address, async (repaired) => {
      const deadline = Date.now() + withinMs;
      while (!(await synchronised(mirrorVm, repaired, vm))) {
        signal.throwIfAborted();
        if (Date.now() > deadline) throw new Error(`${server} is in rotation, and not synchronised with its mirror`);
        await sleep(lookEveryMs, undefined, { signal });
      }
    });
  } finally {
    mirrorVm.close();
  }
  const repairMs = Date.now() - killedAt;
  const incident = await lab.ended(vm, killedAt - 5_000);
  if (incident.state !== "repaired") throw new Error(`${vm}: ${incident.state}: ${incident.words}`);
  const steps = stepsOf(incident, killedAt);
  return { repairMs, rotationMs, steps, phases: await phasesOf(lab, incident, killedAt) };
}

const stepsOf = (incident: IncidentView, from: number): readonly string[] =>
  incident.repairs.flatMap((repair) =>
    repair.steps.map(
      ({ name, startedAt, finishedAt, words }) =>
        `+${startedAt - from} ms, ${finishedAt === null ? "?" : finishedAt - startedAt} ms: ${name}. ${words}`,
    ),
  );

async function phasesOf({ fault }: AuctionLab, incident: IncidentView, killedAt: number): Promise<Phases> {
  const { messages } = conversationList.parse(await fault.server.api("GET", `/incidents/${incident.id}/conversation`));
  const first = (kind: string, phase?: string) =>
    messages.find(
      ({ message }) =>
        message.kind === kind && (phase === undefined || ("phase" in message && message.phase === phase)),
    )?.at ?? null;
  const between = (from: number | null, to: number | null) => (from === null || to === null ? null : to - from);
  const [agreed, back] = [first("repair.accepted"), first("vm.restarted")];
  const [starting, synchronising] = [first("repair.phase", "starting"), first("repair.phase", "synchronising")];
  return {
    detectMs: incident.td - killedAt,
    agreeMs: between(incident.td, agreed),
    vmBackMs: between(agreed, back),
    deployingMs: between(back, starting),
    startingMs: between(starting, synchronising),
    synchronisingMs: between(synchronising, first("repair.completed")),
  };
}
