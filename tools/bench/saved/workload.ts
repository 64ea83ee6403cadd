import { z } from "zod";
import { until } from "../../stack/enrol.ts";
import { amount, whole } from "../flags.ts";

/** The program in the lab's guests (lab/guest/rootfs/usr/lib/belay/workload), over HTTP. */
const port = 8080;
const stats = z.object({ pages: z.number(), rewritten: z.number(), requests: z.number(), ticks: z.number() });
const counted = z.object({ ram: z.number(), checks: z.number(), torn: z.number(), first: z.string() });
export type WorkloadStats = z.infer<typeof stats>;
export type Counted = z.infer<typeof counted>;

export const workloadUrl = (address: string): string => `http://${address}:${port}`;

async function ask<T>(address: string, path: string, shape: z.ZodType<T>, timeoutMs = 5_000): Promise<T> {
  const reply = await fetch(`${workloadUrl(address)}${path}`, { signal: AbortSignal.timeout(timeoutMs) });
  return shape.parse(await reply.json());
}

/** undefined while it does not answer. Its ticks go on where they were saved; a guest that booted anew does not answer at all. */
export const workloadStats = (address: string, timeoutMs = 1_000): Promise<WorkloadStats | undefined> =>
  ask(address, "/stats", stats, timeoutMs).catch(() => undefined);

export interface Load {
  readonly memoryMiB: number;
  readonly dirtyMiBps: number;
}

/** What a guest with this load has besides: its system, and what it serves from. */
const besidesMiB = 128;
export const guestMemoryMiB = ({ memoryMiB }: Pick<Load, "memoryMiB">): number => memoryMiB + besidesMiB;

/** The flags of measurements whose guest rewrites memory, and what they are otherwise. */
export const loadFlags = (memoryMiB: number, dirtyMiBps: number) => ({
  memory: whole("MiB", memoryMiB, "memory that the guest fills and rewrites"),
  dirty: amount("MiB/s", dirtyMiBps, "how fast it rewrites that by itself"),
});

/** Starts it where it does not run, fills its memory and sets its rate. */
export async function startWorkload(address: string, { memoryMiB, dirtyMiBps }: Load): Promise<void> {
  await until(
    "the guest's workload",
    async () => {
      if ((await workloadStats(address)) !== undefined) return true;
      await fetch(`http://${address}/cgi-bin/workload`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      return undefined;
    },
    300,
  );
  await setRate(address, { memoryMiB, dirtyMiBps });
}

export const setRate = (address: string, { memoryMiB, dirtyMiBps }: Load): Promise<WorkloadStats> =>
  ask(address, `/set?memory=${memoryMiB}&dirty=${dirtyMiBps}`, stats, 180_000);
export const touch = (address: string, pages: number): Promise<WorkloadStats> =>
  ask(address, `/touch?pages=${pages}`, stats, 180_000);
export const count = (address: string, pauseMs: number): Promise<Counted> =>
  ask(address, `/count?pauseMs=${pauseMs}`, counted);
export const readCounted = (text: string): Counted => counted.parse(JSON.parse(text));
