import path from "node:path";
import { createGuest, type LabState, labDown, labUp, listGuests } from "../../lab/index.ts";
import { ensureIdentity } from "../../lib/hypervisor/index.ts";
import type { Board } from "../kit/board.ts";

/** The demo's guests, one on each host. */
const guests = ["web-1", "web-2", "web-3"] as const;

/** Brings up the lab, lets Belay's key in, and makes and starts the web guests that are missing. Twice is once. */
export async function bringUpLab(options: {
  lab: string;
  dataDir: string;
  board: Board;
  signal: AbortSignal;
}): Promise<LabState> {
  const { lab: name, dataDir, board, signal } = options;
  const { publicKey } = await ensureIdentity(path.join(dataDir, "ssh"));
  const lab = await board.phase("lab", async (say) => {
    return await labUp({
      name,
      authorize: [publicKey],
      signal,
      onPhase: (phase) => say(phase.detail ? `${phase.name}, ${phase.detail}` : phase.name),
    });
  });
  board.line(
    `  ${lab.hosts.length} hosts (${lab.kvm ? "KVM" : "emulation, no usable KVM here"}): ${lab.hosts.map((host) => `${host.name} ${host.address}`).join(", ")}`,
  );
  await board.phase("guests", async (say) => {
    const on = new Set(lab.hosts.filter((host) => host.power === "on").map((host) => host.name));
    const known = await listGuests(name);
    const made = await Promise.all(
      guests.map(async (guest, at) => {
        const host = lab.hosts[at % lab.hosts.length];
        if (host === undefined) return [];
        const seen = known.find((it) => it.name === guest)?.seen ?? [];
        // One that moved since is started where it is now. One whose only host was switched off by a person waits there for Belay.
        if (seen.length === 0 && !on.has(host.name)) return [];
        // Of two copies the lab does not know which is stale: Belay does, by their generations.
        const info = await createGuest(name, { name: guest, host: host.name, start: seen.length <= 1 });
        say(`${guest} is there`);
        return [info];
      }),
    );
    signal.throwIfAborted();
    return made
      .flat()
      .map((guest) => `${guest.name} ${guest.address}`)
      .join(", ");
  });
  return lab;
}

/** Takes the lab down and keeps disks, keys and addresses, so that the next start finds the same hosts. */
export const takeDownLab = (name: string, board: Board): Promise<void> =>
  board.phase("stopping the lab", async (say) => {
    await labDown(name, { keep: true, onPhase: (phase) => say(phase.name) });
  });
