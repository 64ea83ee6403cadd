import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type ByteStore, createCheckpoints } from "../checkpoint/index.ts";
import type {
  Checkpoints,
  FenceAgents,
  HookRunner,
  HostExaminer,
  HostHelpers,
  HostInstaller,
  Hypervisor,
  Log,
  Prober,
  Provisioner,
} from "../engine/ports.ts";
import { createFenceAgents, createHookRunner } from "../fencing/index.ts";
import {
  createExaminer,
  createHostHelpers,
  createHostInstaller,
  createHypervisor,
  createProber,
  createProvisioner,
  ensureIdentity,
  HostLinks,
  hostShell,
  systemClock,
} from "../hypervisor/index.ts";
import { type SimulatedCloud, simulatedCloud } from "../sim/index.ts";

/** Hosts and how they are reached: real ones, or those of the simulated cloud. */
export interface Cloud {
  readonly hypervisor: Hypervisor;
  readonly prober: Prober;
  readonly examiner: HostExaminer;
  /** undefined where hosts are simulated. */
  readonly installer: HostInstaller | undefined;
  readonly fence: FenceAgents;
  readonly helpers: HostHelpers;
  readonly hooks: HookRunner;
  readonly checkpoints: Checkpoints;
  readonly provisioner: Provisioner;
  readonly simulation: SimulatedCloud | undefined;
  close(): void;
}

export async function openCloud(options: {
  dataDir: string;
  simulated: boolean;
  /** Of real VMs' saved states: only asked where an engine is at work. */
  checkpointStore: ByteStore;
  log: Log;
}): Promise<Cloud> {
  if (options.simulated) {
    const simulation = simulatedCloud({ clock: systemClock });
    const { hypervisor, prober, examiner, fence, helpers, hooks, checkpoints, provisioner } = simulation;
    return {
      hypervisor,
      prober,
      examiner,
      installer: undefined,
      fence,
      helpers,
      hooks,
      checkpoints,
      provisioner,
      simulation,
      close: () => simulation.close(),
    };
  }
  const { identityFile } = await ensureIdentity(path.join(options.dataDir, "ssh"));
  const { log } = options;
  const links = new HostLinks();
  const hypervisor = createHypervisor({ identityFile, clock: systemClock, log, links });
  const hooksDir = path.join(options.dataDir, "hooks");
  await mkdir(hooksDir, { recursive: true, mode: 0o700 }); // who may write here may run programs as Belay
  const checkpoints = createCheckpoints({ store: options.checkpointStore, shell: hostShell(links), log });
  return {
    hypervisor,
    prober: createProber({ hypervisor }),
    examiner: createExaminer({ identityFile }),
    installer: createHostInstaller({ identityFile }),
    fence: createFenceAgents(),
    helpers: createHostHelpers({ links, clock: systemClock, log }),
    hooks: createHookRunner(hooksDir),
    checkpoints,
    provisioner: createProvisioner(links),
    simulation: undefined,
    close: () => checkpoints.close(),
  };
}
