import { agentCommand, type Connection, domainXml, qmp, resumeDomain } from "../../../libvirt/index.ts";

/** RARP frames for half a second, as after a start elsewhere: a switch believes where it last saw the cards. */
const announcement = { initial: 50, max: 200, rounds: 5, step: 50 } as const;
const announceMs = 2_000;
const clockMs = 1_000;

/** The network learns where the cards are. It may not fail a restore. */
export async function announce(connection: Connection, uuid: string): Promise<void> {
  await qmp(connection, { uuid }, "announce-self", announcement, { timeoutMs: announceMs }).catch(() => undefined);
}

/** The guest learns what time it is, where it has an agent. Answers whether it did. */
export async function setClock(connection: Connection, uuid: string): Promise<boolean> {
  const time = Date.now() * 1_000_000;
  return agentCommand(connection, { uuid }, "guest-set-time", { time }, { timeoutMs: clockMs }).then(
    () => true,
    () => false,
  );
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
