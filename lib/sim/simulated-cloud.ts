import type {
  Checkpoints,
  Clock,
  FenceAgents,
  HookRunner,
  HostExaminer,
  HostHelpers,
  Hypervisor,
  Prober,
  Provisioner,
} from "../engine/ports.ts";
import { simulatedCheckpoints } from "./checkpoints/checkpoints.ts";
import { simulatedFenceAgents } from "./fencing/agents.ts";
import { simulatedHooks } from "./fencing/hooks.ts";
import { simulatedHelpers } from "./helper/attend.ts";
import { simulatedExaminer } from "./hypervisor/examiner.ts";
import { simulatedHypervisor } from "./hypervisor/hypervisor.ts";
import { simulatedProber } from "./hypervisor/prober.ts";
import { simulatedProvisioner } from "./provision/provisioner.ts";
import type { WorldAction } from "./world/actions.ts";
import { befall } from "./world/befall.ts";
import { build, type CloudSpec, demoCloud } from "./world/cloud-spec.ts";
import { createWorld, type World } from "./world/world.ts";

export interface SimulatedCloud {
  readonly hypervisor: Hypervisor;
  readonly prober: Prober;
  readonly examiner: HostExaminer;
  readonly fence: FenceAgents;
  readonly helpers: HostHelpers;
  readonly hooks: HookRunner;
  readonly checkpoints: Checkpoints;
  readonly provisioner: Provisioner;
  readonly world: World;
  /** Lets something befall the cloud; the sentence for it, or undefined where it cannot happen now. */
  befall(action: WorldAction): string | undefined;
  /** Lets go of every timer. Watches end by their own signals. */
  close(): void;
}

/**
 * The demo's hosts with power switches and a shared directory, for people to try: they name them to Belay as they would those of real hosts
 * (agent fence_sim, option host=NAME; directory /srv/belay).
 */
const shownHosts = demoCloud.hosts.map((host) => ({
  ...host,
  sharedPaths: ["/srv/belay"],
  fence: [{ agent: "fence_sim" }],
}));

/**
 * libvirt hosts in memory, behind the ports of lib/engine. With a real clock it is what a machine gets that cannot run the lab;
 * with a virtual one the same faults in the same order give the same run.
 */
export function simulatedCloud(options: {
  clock: Clock;
  hosts?: CloudSpec["hosts"];
  diskLocks?: boolean | undefined;
  seed?: number;
}): SimulatedCloud {
  const { clock, hosts = shownHosts, diskLocks, seed = 1 } = options;
  const built = build({ hosts, diskLocks }, seed, clock.now());
  const world = createWorld(clock, seed, built);
  const hypervisor = simulatedHypervisor(world);
  return {
    hypervisor,
    prober: simulatedProber(world, hypervisor),
    examiner: simulatedExaminer(world),
    fence: simulatedFenceAgents(world),
    helpers: simulatedHelpers(world),
    hooks: simulatedHooks(world),
    checkpoints: simulatedCheckpoints(world, hypervisor.sessionOf),
    provisioner: simulatedProvisioner(world, hypervisor.sessionOf),
    world,
    befall: (action) => befall(world, action),
    close: world.close,
  };
}
