import { type HostAddress, type HostSenses, HostUnreachable } from "../../engine/ports.ts";
import type { HostId } from "../../model/index.ts";
import { answersNetwork, hostsReach } from "../world/net.ts";
import { startLibvirtd } from "../world/power.ts";
import type { SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";
import type { Session } from "./session.ts";

const loginMs = 40;
const echoMs = 3;
const restartMs = 400;
const patienceMs = 3000;

/** Hosts as seen over SSH and from each other. */
export function senses(
  world: World,
  addressOf: (host: HostId) => HostAddress | undefined,
  sessionOf: (host: HostId) => Session | undefined,
): HostSenses {
  const { clock } = world;

  /** The host, if it lets Belay in. */
  function letsIn(id: HostId): SimHost | undefined {
    const address = addressOf(id);
    const host = address && world.hostByUri(address.uri);
    return host && answersNetwork(host, clock.now()) && host.hostKeySha256 === address.hostKeySha256 ? host : undefined;
  }

  /** Logs in, within the time; undefined, and the time is over, where it does not answer. */
  async function login(id: HostId, timeoutMs: number): Promise<SimHost | undefined> {
    await clock.sleep(Math.min(loginMs, timeoutMs));
    const host = letsIn(id);
    if (!host) await clock.sleep(Math.max(0, timeoutMs - loginMs));
    return host;
  }

  return {
    heardAt: (host) => sessionOf(host)?.heardAt(),
    async reachedFrom(peer, target, timeoutMs) {
      // The peer's own connection is open: a silent one is known at the end of the time.
      const from = await login(peer, timeoutMs);
      if (!from) return undefined;
      const to = world.hostByUri(target.uri);
      const reaches = () => to !== undefined && hostsReach(from, to, clock.now());
      await clock.sleep(echoMs);
      if (reaches()) return letsIn(peer) ? true : undefined;
      await clock.sleep(Math.max(0, timeoutMs - loginMs - echoMs));
      return letsIn(peer) ? reaches() : undefined;
    },
    sshAnswers: async (host, timeoutMs) => (await login(host, timeoutMs)) !== undefined,
    async restartLibvirtd(id) {
      const host = await login(id, patienceMs);
      if (!host) throw new HostUnreachable("The host does not answer over SSH.");
      if (host.libvirtd === "up") return { done: false, words: "libvirtd runs." };
      await clock.sleep(restartMs);
      if (host.power === "off") throw new HostUnreachable("The connection was lost while libvirtd was started.");
      if (host.libvirtd === "down") {
        world.tell(`libvirtd on ${host.name} is started over SSH.`);
        startLibvirtd(world, host);
        world.hostChanged(host);
      }
      if (!letsIn(id)) throw new HostUnreachable("The connection was lost while libvirtd was started.");
      return { done: true, words: "libvirtd was started." };
    },
  };
}
