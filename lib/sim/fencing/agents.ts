import { type FenceAgents, FenceFailed, type PowerState } from "../../engine/ports.ts";
import type { FenceDevice } from "../../model/index.ts";
import { answersNetwork, hostsReach, isUp } from "../world/net.ts";
import { bootHost, stopHost } from "../world/power.ts";
import type { SimHost, SimSwitch } from "../world/types.ts";
import type { PowerCut, World } from "../world/world.ts";

const statusMs = 40;
const switchMs = 300;
const slowMs = 4000;

/** What a device's options must say for the simulated cloud to know it: `host`, and `device`, its number there (1 if left out). */
export const optionsOf = (host: string, device: number): Record<string, string> => ({ host, device: String(device) });

/** Power switches of the simulated cloud, as the fence agents see them: over a network of their own, which no cut cable touches. */
export function simulatedFenceAgents(world: World): FenceAgents {
  const { clock } = world;

  function find(device: FenceDevice): { readonly host: SimHost; readonly it: SimSwitch } {
    const host = world.host(device.options.host ?? "");
    const it = host?.switches[Number(device.options.device ?? "1") - 1];
    if (!host || !it || it.agent !== device.agent)
      throw new FenceFailed(`The simulated cloud has no ${device.agent} for ${device.options.host ?? "no host"}.`);
    return { host, it };
  }

  /** Asks, and has the answer after its time or none within the device's. */
  async function asked(device: FenceDevice, ms: number): Promise<{ readonly host: SimHost; readonly it: SimSwitch }> {
    const found = find(device);
    const dark = () => found.it.fault === "dark" || (found.it.onHostPower && found.host.mains === "off");
    const takesMs = found.it.fault === "slow" ? slowMs : ms;
    if (dark() || takesMs >= device.timeoutMs) {
      await clock.sleep(device.timeoutMs);
      throw new FenceFailed("Connection timed out");
    }
    await clock.sleep(takesMs);
    if (dark()) {
      await clock.sleep(device.timeoutMs - takesMs);
      throw new FenceFailed("Connection timed out");
    }
    if (found.it.fault === "refuses") throw new FenceFailed("Unable to connect/login to fencing device");
    return found;
  }

  return {
    async status(device): Promise<PowerState> {
      const { host, it } = await asked(device, statusMs);
      return it.fault === "lies" ? "off" : host.power;
    },
    async switch(device, to) {
      const { host, it } = await asked(device, switchMs);
      if (it.fault === "lies" || host.power === to) return;
      if (to === "off") {
        world.powerCuts.push(cutNow(world, host));
        stopHost(world, host);
        world.tell(`The fence device of ${host.name} switches it off.`);
      } else {
        if (host.mains === "off") throw new FenceFailed("There is no power to switch on");
        bootHost(world, host);
        world.tell(`The fence device of ${host.name} switches it on.`);
      }
      world.hostChanged(host);
    },
  };
}

/** Silence says something only when it has lasted: a host that fell silent a moment ago is one that Belay still counts on. */
const noticedMs = 6000;

function cutNow(world: World, host: SimHost): PowerCut {
  const now = world.clock.now();
  const others = world.hosts().filter((it) => it !== host);
  const reaching = others.filter((it) => hostsReach(it, host, now));
  return {
    at: now,
    host: host.name,
    ran: isUp(host, now),
    steadyMs: now - Math.max(world.changedAt(host), ...reaching.map(world.changedAt)),
    peers: others.length,
    peersThatReachedIt: reaching.length,
    belayReachedIt: answersNetwork(host, now) && host.libvirtd === "up",
    othersThatBelayReached: others.filter((it) => answersNetwork(it, now) || now - world.changedAt(it) < noticedMs)
      .length,
  };
}
