import type { Log, ServiceStore } from "../engine/ports.ts";
import type { Vm } from "../model/index.ts";
import type { Service } from "../service/index.ts";
import { type SimulatedCloud, simulatedTraffic } from "../sim/index.ts";
import { operatorOf } from "./operator.ts";

const requestsPerSecondPerGuest = 20;

/**
 * The simulated cloud has no network to send requests over, so the simulator says what its guests would have answered. It is kept and
 * sent on the way that a source's samples are, and shows where everything shows that the cloud is SIMULATED.
 */
export async function passSimulatedTraffic(options: {
  readonly simulation: SimulatedCloud;
  readonly store: Pick<ServiceStore, "organizations" | "vms">;
  readonly service: Pick<Service, "recordTraffic">;
  readonly signal: AbortSignal;
  readonly log: Log;
}): Promise<void> {
  const { simulation, store, service, signal, log } = options;
  for await (const served of simulatedTraffic(simulation.world, signal, requestsPerSecondPerGuest))
    try {
      const vms = new Map((await store.vms()).map((vm) => [vm.uuid, vm]));
      const operator = await operatorOf(store);
      if (operator !== undefined) await service.recordTraffic(operator, perApplication(served, vms));
    } catch (error) {
      if (!signal.aborted) log.warn("a second of simulated traffic was not kept", { error });
    }
}

function perApplication(
  served: readonly { uuid: string; at: number; answered: number; failed: number }[],
  vms: ReadonlyMap<string, Pick<Vm, "applicationId">>,
) {
  const sums = new Map<string, Parameters<Service["recordTraffic"]>[1][number]>();
  for (const { uuid, at, answered, failed } of served) {
    const applicationId = vms.get(uuid)?.applicationId;
    if (applicationId == null) continue;
    const sum = sums.get(applicationId) ?? { applicationId, at, answered: 0, failed: 0 };
    sums.set(applicationId, { ...sum, answered: sum.answered + answered, failed: sum.failed + failed });
  }
  return [...sums.values()];
}
