import type { HostAddress } from "../../engine/ports.ts";
import { answersNetwork, type World } from "../world/world.ts";
import { openSession, type Session } from "./session.ts";

const connectMs = 60;
const patienceMs = 3000;
const lookEveryMs = 250;

/** One attempt to connect, as SSH makes it: `words` say why there is no session. Rejects when `signal` aborts. */
export async function connect(
  world: World,
  address: HostAddress,
  signal: AbortSignal,
): Promise<Session | { readonly words: string }> {
  const { clock } = world;
  const host = world.hostByUri(address.uri);
  await clock.sleep(connectMs, signal);
  if (!host) return { words: `${address.uri} is no host of the simulated cloud.` };
  for (let waitedMs = 0; !answersNetwork(host, clock.now()); waitedMs += lookEveryMs) {
    if (waitedMs >= patienceMs) return { words: `No answer within ${patienceMs / 1000} s.` };
    await clock.sleep(lookEveryMs, signal);
  }
  if (host.hostKeySha256 !== address.hostKeySha256)
    return { words: `The host shows the key ${host.hostKeySha256}, approved was ${address.hostKeySha256}.` };
  if (host.libvirtd === "down") return { words: "The host answers, and libvirtd on it does not run." };
  return openSession(world, host);
}
