import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type CheckpointView, type IntentView, type VmView, vmId } from "../../contract/index.ts";
import { type Api, applicationNamed, intent, isPassing, vms } from "../api/index.ts";
import { ManagerError, type Problem } from "../servers.ts";
import type { Opened } from "../work/index.ts";

/** What the commands share that call for saved states of a VM. */

/** What calling for a saved state takes: no journal changes by it. */
export type Caller = Pick<Opened, "api" | "description" | "records">;

export interface CalledVm {
  readonly name: string;
  readonly id: VmView["id"];
}

/** By our name for it: as the journal has it; without one, the provider's of that name in our application. */
export async function vmCalled({ description, records, api }: Caller, name: string): Promise<CalledVm> {
  if (!description.vms.some((vm) => vm.name === name))
    throw new ManagerError({
      code: "unknown-name",
      message: `There is no VM ${name} in the description.`,
      cure: `Name one of ${description.vms.map((vm) => vm.name).join(", ")}.`,
    });
  const known = vmId.safeParse(records.get(name).vmId).data;
  if (known !== undefined) return { name, id: known };
  const [application, all] = await Promise.all([applicationNamed(api, description.application.name), vms(api)]);
  const found = all.find((vm) => vm.name === name && vm.applicationId === application?.id);
  if (found !== undefined) return { name, id: found.id };
  throw new ManagerError({
    code: "not-made",
    message: `The VM ${name} is not made yet: nothing of it is saved.`,
    cure: "Make it first: belay-manager up FILE",
  });
}

export interface Patience {
  readonly signal: AbortSignal;
  readonly withinMs: number;
  readonly lookEveryMs: number;
  /** Said where it takes longer. */
  readonly late: Problem;
}

/** Asks until there is an answer. What the provider cannot do for a moment is asked again. */
export async function until<T>(ask: () => Promise<T | undefined>, patience: Patience): Promise<T> {
  const { signal, withinMs, lookEveryMs, late } = patience;
  const begun = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const found = await ask().catch((error: unknown) => {
      if (isPassing(error)) return undefined;
      throw error;
    });
    if (found !== undefined) return found;
    if (performance.now() - begun > withinMs) throw new ManagerError(late);
    await sleep(lookEveryMs, undefined, { signal });
  }
}

/** Calls for it, always under one key, and waits until the provider has carried it out. Gives the provider's words. */
export async function carriedOut(
  api: Api,
  call: (idempotencyKey: string) => Promise<IntentView["intentId"]>,
  patience: Patience,
  cure: string,
): Promise<string> {
  const key = randomUUID();
  const id = await until(() => call(key), patience);
  const { ok, words } = await until(async () => {
    const view = await intent(api, id, patience.signal);
    return view.ended ? view : undefined;
  }, patience);
  if (ok) return words;
  throw new ManagerError({ code: "not-done", message: words, cure });
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** "7 s", "12 min", "5 h", "3 days". */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (ms < 2 * hourMs) return `${Math.floor(ms / minuteMs)} min`;
  if (ms < 48 * hourMs) return `${Math.floor(ms / hourMs)} h`;
  return `${Math.floor(ms / (24 * hourMs))} days`;
}

/** "2026-11-23 06:20:11 UTC" */
export const instantWords = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** By its id, or `newest`: the newest that is whole. */
export function savedNamed(all: readonly CheckpointView[], wanted: string, vm: string): CheckpointView {
  const found = wanted === "newest" ? all.find(({ state }) => state === "valid") : all.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  throw new ManagerError({
    code: "unknown-name",
    message: wanted === "newest" ? `No whole state of ${vm} is saved.` : `${vm} has no saved state ${wanted}.`,
    cure: `belay-manager saves FILE ${vm} lists those that there are.`,
  });
}
