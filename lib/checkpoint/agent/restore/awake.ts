import { agentCommand, type Connection, domainXml, qmp, resumeDomain } from "../../../libvirt/index.ts";

/** RARP frames for half a second, as after a start elsewhere: a switch believes where it last saw the cards. */
const announcement = { initial: 50, max: 200, rounds: 5, step: 50 } as const;
const announceMs = 2_000;
const clockMs = 1_000;

/** The network learns where the cards are, and the guest what time it is. Neither may fail a restore. Answers whether the clock was set. */
export async function wakeUp(connection: Connection, uuid: string): Promise<boolean> {
  const announced = qmp(connection, { uuid }, "announce-self", announcement, { timeoutMs: announceMs }).catch(
    () => undefined,
  );
  const set = await agentCommand(
    connection,
    { uuid },
    "guest-set-time",
    { time: Date.now() * 1_000_000 },
    {
      timeoutMs: clockMs,
    },
  ).then(
    () => true,
    () => false,
  );
  await announced;
  return set;
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
