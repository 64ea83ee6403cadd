import path from "node:path";
import type { HostExaminer, Hypervisor, Log, Prober } from "../engine/ports.ts";
import { createExaminer, createHypervisor, createProber, ensureIdentity, systemClock } from "../hypervisor/index.ts";
import { type SimulatedCloud, simulatedCloud } from "../sim/index.ts";

/** Hosts and how they are reached: real ones, or those of the simulated cloud. */
export interface Cloud {
  readonly hypervisor: Hypervisor;
  readonly prober: Prober;
  readonly examiner: HostExaminer;
  readonly simulation: SimulatedCloud | undefined;
  close(): void;
}

export async function openCloud(options: { dataDir: string; simulated: boolean; log: Log }): Promise<Cloud> {
  if (options.simulated) {
    const simulation = simulatedCloud({ clock: systemClock });
    const { hypervisor, prober, examiner } = simulation;
    return { hypervisor, prober, examiner, simulation, close: () => simulation.close() };
  }
  const { identityFile } = await ensureIdentity(path.join(options.dataDir, "ssh"));
  const hypervisor = createHypervisor({ identityFile, clock: systemClock, log: options.log });
  return {
    hypervisor,
    prober: createProber({ hypervisor }),
    examiner: createExaminer({ identityFile }),
    simulation: undefined,
    close() {},
  };
}
