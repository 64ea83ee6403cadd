import { setTimeout as pause } from "node:timers/promises";
import { agentCommand, type Connection, domainXml, qmp, resumeDomain } from "../../../libvirt/index.ts";

/** RARP frames for half a second, as after a start elsewhere: a switch believes where it last saw the cards. */
const announcement = { initial: 50, max: 200, rounds: 5, step: 50 } as const;
const announceMs = 2_000;
const clockMs = 1_000;
/** A guest that has much to do after it was away may be slow to answer. */
const clockAgainMs = [1_000, 3_000, 10_000] as const;
const clockAgainTimeoutMs = 5_000;

/** The network learns where the cards are. It may not fail a restore. */
export async function announce(connection: Connection, uuid: string): Promise<void> {
  await qmp(connection, { uuid }, "announce-self", announcement, { timeoutMs: announceMs }).catch(() => undefined);
}

/**
 * The guest learns what time it is, where it has an agent. Answers whether it did at once; if not it is tried on for a while, and nobody
 * waits for that.
 */
export async function setClock(connection: Connection, uuid: string): Promise<boolean> {
  const set = (timeoutMs: number) =>
    agentCommand(connection, { uuid }, "guest-set-time", { time: Date.now() * 1_000_000 }, { timeoutMs }).then(
      () => true,
      () => false,
    );
  const tryOn = async () => {
    for (const waitMs of clockAgainMs) {
      await pause(waitMs, undefined, { ref: false });
      if (await set(clockAgainTimeoutMs)) return;
    }
  };
  const done = await set(clockMs);
  if (!done) void tryOn();
  return done;
}

/**
 * Pulls the cables of a domain that stands still, and lets it go on. The link's state in the definition is not enough: QEMU takes it from
 * the checkpoint, where the cables were in.
 */
export async function goOnUnplugged(connection: Connection, uuid: string): Promise<void> {
  const xml = await domainXml(connection, { uuid });
  for (const [, alias = ""] of xml.matchAll(/<alias name=['"]((?:net|ua-)[^'"]*)['"]\/>/g)) {
    const unplug = (name: string) => qmp(connection, { uuid }, "set_link", { name, up: false });
    await unplug(alias);
    await unplug(`host${alias}`).catch(() => undefined); // its other end, where it has a name of its own
  }
  await resumeDomain(connection, { uuid });
}
