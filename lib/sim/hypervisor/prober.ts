import { HostUnreachable, type Hypervisor, type Prober } from "../../engine/ports.ts";
import { isUp } from "../world/net.ts";
import { guestAnswers } from "../world/run.ts";
import type { World } from "../world/world.ts";

const echoMs = 3;

/** Time that the world's end ends: a question may be under way when a story is over. */
const pass = (world: World, ms: number) => new Promise<void>((resolve) => world.later(ms, resolve));

/**
 * ICMP and TCP checks ask whoever has the address, over the guests' own network: they get through while Belay's link to the host is cut,
 * and do not once the host has no power. The agent is asked over the host's connection.
 */
export const simulatedProber = (world: World, hypervisor: Pick<Hypervisor, "agentAnswers">): Prober => ({
  async answers(vm, check, timeoutMs) {
    if (check.kind === "agent") {
      try {
        return await hypervisor.agentAnswers(vm.hostId, vm.uuid, timeoutMs);
      } catch (error) {
        if (error instanceof HostUnreachable) return false;
        throw error;
      }
    }
    const there = () =>
      world
        .hosts()
        .filter((host) => isUp(host, world.clock.now()))
        .flatMap((host) => [...host.domains.values()])
        .some((domain) => {
          const guest = world.guest(domain.uuid);
          return guest?.address === check.address && !guest.unplugged && guestAnswers(world, domain);
        });
    await pass(world, Math.min(echoMs, timeoutMs));
    if (there()) return true;
    await pass(world, Math.max(0, timeoutMs - echoMs));
    return false;
  },
});
