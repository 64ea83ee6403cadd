import {
  type HostAddress,
  type HostSignal,
  HostUnreachable,
  type Hypervisor,
  HypervisorRefused,
} from "../../engine/ports.ts";
import type { HostId } from "../../model/index.ts";
import { toXml } from "../world/definition.ts";
import { hasProcess } from "../world/domain.ts";
import { guestAnswers, killProcess } from "../world/run.ts";
import type { World } from "../world/world.ts";
import { actOn, durationsMs, sightOf } from "./acts.ts";
import { connect } from "./connect.ts";
import { copies } from "./copies.ts";
import { senses } from "./senses.ts";
import type { Session } from "./session.ts";

const backOffMs = { first: 500, max: 5000 } as const;
const readMs = 1;
const killMs = 60;
const agentMs = 3;

/** The port on the simulated world. `sessionOf` is for the prober, whose agent checks go over the same connection. */
export function simulatedHypervisor(world: World): Hypervisor & { sessionOf(host: HostId): Session | undefined } {
  const sessions = new Map<HostId, Session>();
  const addresses = new Map<HostId, HostAddress>();
  const sessionTo = (host: HostId): Session => {
    const session = sessions.get(host);
    if (session === undefined || session.ended.aborted)
      throw new HostUnreachable("There is no connection to the host.");
    return session;
  };
  const domainOn = (session: Session, uuid: string) => {
    const domain = session.host.domains.get(uuid);
    if (!domain) throw new HypervisorRefused(`Domain not found: no domain with matching uuid '${uuid}'`);
    return domain;
  };

  async function* watch(address: HostAddress, signal: AbortSignal): AsyncGenerator<HostSignal> {
    for (let failures = 0; !signal.aborted; failures++) {
      const result = await connect(world, address, signal);
      let words = "words" in result ? result.words : "";
      if (!("words" in result)) {
        failures = 0;
        yield* during(address, result, signal);
        words = result.ended.reason instanceof HostUnreachable ? result.ended.reason.message : "";
      }
      if (signal.aborted) return;
      const pauseMs = Math.min(backOffMs.max, backOffMs.first * 2 ** failures);
      const now = world.wall.at(world.clock.now());
      yield { kind: "disconnected", at: now, words, nextAttemptAt: now + pauseMs };
      await world.clock.sleep(pauseMs, signal);
    }
  }

  /** Everything from the moment a connection is open until it has ended. */
  async function* during(address: HostAddress, session: Session, signal: AbortSignal): AsyncGenerator<HostSignal> {
    const stop = () => session.end("Belay closed the connection.");
    signal.addEventListener("abort", stop, { once: true });
    sessions.set(address.id, session);
    try {
      yield { kind: "connected", at: world.wall.at(world.clock.now()), facts: session.host.facts };
      for (let next = await session.nextSignal(); next; next = await session.nextSignal()) yield next;
    } finally {
      stop();
      signal.removeEventListener("abort", stop);
      // Kept for the time when it was last heard of; every call on it says that it has ended.
    }
  }

  return {
    ...copies(world, sessionTo),
    ...senses(
      world,
      (host) => addresses.get(host),
      (host) => sessions.get(host),
    ),
    sessionOf: (host) => sessions.get(host),
    async *watch(address, signal) {
      addresses.set(address.id, address);
      try {
        yield* watch(address, signal);
      } catch (error) {
        if (!signal.aborted) throw error; // an abort ends every wait in it
      }
    },
    async listDomains(host) {
      const session = sessionTo(host);
      return session.call(readMs, () => [...session.host.domains.values()].map(sightOf));
    },
    async readDomain(host, uuid) {
      const session = sessionTo(host);
      return session.call(readMs, () => {
        const domain = session.host.domains.get(uuid);
        return domain && sightOf(domain);
      });
    },
    async readDefinition(host, uuid) {
      const session = sessionTo(host);
      return session.call(readMs, () => {
        const domain = domainOn(session, uuid);
        const guest = world.guest(uuid);
        if (!guest) throw new HypervisorRefused(`Domain not found: no domain with matching uuid '${uuid}'`);
        return { xml: toXml(domain, guest), diskPaths: [domain.diskPath] };
      });
    },
    async act(host, uuid, action, definition) {
      const session = sessionTo(host);
      return session.call(durationsMs[action], () => actOn(world, session.host, uuid, action, definition));
    },
    async inject(host, { uuid, name, runId }) {
      const session = sessionTo(host);
      return session.call(killMs, () => {
        const domain = session.host.domains.get(uuid);
        if (domain?.runId !== runId)
          return { done: false, words: `Run ${runId} of ${name} is over; nothing was killed.` };
        if (!hasProcess(domain)) return { done: false, words: `The process of ${name} is already dead.` };
        world.tell(`The QEMU process of ${name} on ${session.host.name} is killed, as asked.`);
        world.injected.push({ uuid, runId });
        killProcess(world, session.host, domain);
        return { done: true, words: `The QEMU process of ${name} (run ${runId}) was killed.` };
      });
    },
    async agentAnswers(host, uuid, timeoutMs) {
      const session = sessionTo(host);
      return session.call(Math.min(timeoutMs, agentMs), () => {
        const domain = session.host.domains.get(uuid);
        return domain !== undefined && guestAnswers(world, domain);
      });
    },
  };
}
