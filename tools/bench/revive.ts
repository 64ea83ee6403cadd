import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGuest, type GuestInfo, labUp, runOnHost } from "../../lab/index.ts";
import type { VmView } from "../../lib/contract/index.ts";
import { ensureIdentity } from "../../lib/hypervisor/index.ts";
import { adopted, enrolLab, incidentsOf, until } from "../stack/enrol.ts";
import { freePort, startServer } from "../stack/server.ts";
import { whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { measurement } from "./types.ts";

/** The planner gives a VM up after three repairs within ten minutes: no VM is killed more often than that. */
const killsPerVm = 3;

/** Body of the guest's page; undefined while it is silent. Every boot of the guest writes another boot id into it. */
async function page(address: string): Promise<string | undefined> {
  try {
    const reply = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(500) });
    return reply.ok ? await reply.text() : undefined;
  } catch {
    return undefined; // also one that dies in the middle of its answer
  }
}

const killScript = 'kill -9 "$(cat "/run/libvirt/qemu/$1.pid")"';

export const bench = measurement({
  name: "revive",
  summary:
    "kill -9 of a VM's QEMU → Belay's incident (detectMs) → the guest's first HTTP answer after its new boot (serviceBackMs)",
  flags: { runs: whole("N", 10, "how often a VM is killed") },
  async run({ log, lab: openLab, onEnd }, { runs }) {
    const dataDir = await mkdtemp(path.join(tmpdir(), "belay-bench-"));
    onEnd(() => rm(dataDir, { recursive: true, force: true }));
    const { publicKey } = await ensureIdentity(path.join(dataDir, "ssh"));
    const { name } = await openLab({ hosts: 2 });
    const lab = await labUp({ name, authorize: [publicKey] });

    const create = async (guestName: string, host: string): Promise<GuestInfo> => {
      const guest = await createGuest(name, { name: guestName, host });
      await until(`${guestName} answers`, () => page(guest.address));
      return guest;
    };
    const protectedGuests: GuestInfo[] = [];
    const count = Math.ceil(runs / killsPerVm);
    for (let number = 1; number <= count; number++) protectedGuests.push(await create(`web-${number}`, "host-1"));
    // For comparison, on a host that Belay does not know: an operator who sees the death at once and types `virsh start`.
    const plain = await create("plain", "host-2");

    const server = await startServer({ dataDir, port: await freePort() });
    onEnd(() => server.stop());
    await enrolLab(server, { ...lab, hosts: lab.hosts.filter((host) => host.name === "host-1") });
    const vms: VmView[] = [];
    for (const guest of protectedGuests) vms.push(await adopted(server, guest.name, guest.address));

    /** Kills the guest's QEMU, does what `then` does, and waits for a page of a new boot. */
    const killed = async (guest: GuestInfo, then: () => Promise<unknown>) => {
      const before = await page(guest.address);
      const killedAt = Date.now();
      await runOnHost(name, guest.host, ["sh", "-c", killScript, "sh", guest.name]);
      await then();
      await until(
        `${guest.name} back`,
        async () => {
          const now = await page(guest.address);
          return now !== undefined && now !== before ? now : undefined;
        },
        10,
      );
      return { killedAt, backMs: Date.now() - killedAt };
    };

    const detectMs: number[] = [];
    const serviceBackMs: number[] = [];
    const byHandMs: number[] = [];
    let lost = 0;
    for (let run = 0; run < runs; run++) {
      const index = run % count;
      const [guest, vm] = [protectedGuests[index], vms[index]];
      if (guest === undefined || vm === undefined) continue;
      const known = new Set((await incidentsOf(server, vm)).map((it) => it.id));
      try {
        const { killedAt, backMs } = await killed(guest, async () => undefined);
        const incident = await until("the incident's end", async () =>
          (await incidentsOf(server, vm)).find((it) => !known.has(it.id) && it.endedAt !== null),
        );
        if (incident.state !== "repaired") throw new Error(`it ended ${incident.state}: ${incident.words}`);
        detectMs.push(incident.td - killedAt);
        serviceBackMs.push(backMs);
        log(`run ${run + 1}/${runs}: detected after ${incident.td - killedAt} ms, back after ${backMs} ms`);
      } catch (error) {
        lost++;
        log(`run ${run + 1}/${runs}: LOST: ${error instanceof Error ? error.message : String(error)}`);
      }
      const byHand = await killed(plain, () =>
        until("virsh start", async () => {
          const { code } = await runOnHost(name, plain.host, ["virsh", "start", plain.name]);
          return code === 0 ? true : undefined;
        }),
      );
      byHandMs.push(byHand.backMs);
    }
    return {
      detectMs: summary(detectMs),
      serviceBackMs: summary(serviceBackMs),
      lost,
      comparedWith: "the same kill on a host without Belay, where `virsh start` is typed at once, run by run in turn",
      byHandMs: summary(byHandMs),
      target: "detectMs.p95 ≤ 500, serviceBackMs.p95 ≤ 10000, lost = 0",
    };
  },
});
