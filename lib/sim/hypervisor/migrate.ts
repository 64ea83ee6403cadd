import { type Copies, type HostAddress, HypervisorRefused } from "../../engine/ports.ts";
import { placeKey } from "../checkpoints/saved.ts";
import { hasProcess, isActive } from "../world/domain.ts";
import { hostsReach, seesDisk } from "../world/net.ts";
import type { SimDomain, SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";
import type { Session } from "./session.ts";

const mibPerSecond = 256;
const roundMs = 250;
const bytesPerMib = 1024 * 1024;

type OnProgress = Parameters<Copies["migrate"]>[4];

const refuse: (words: string) => never = (words) => {
  throw new HypervisorRefused(words);
};

/**
 * A live migration between two libvirtds: once begun it goes on whether or not Belay lives. The guest runs on the source until the
 * instant at which it runs on the target; never on both.
 */
export async function migrate(
  world: World,
  session: Session,
  uuid: string,
  to: HostAddress,
  generation: number,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const target = world.hostByUri(to.uri);
  const source = session.host;
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => undefined);
  // What the wire brings back: the answer when libvirt's own work has ended.
  await session.call(20, () => begin());
  const lost = () => done.reject(session.ended.reason);
  session.ended.addEventListener("abort", lost, { once: true });
  try {
    await done.promise;
  } finally {
    session.ended.removeEventListener("abort", lost);
  }

  function begin(): void {
    const domain = source.domains.get(uuid);
    if (!domain) refuse(`Domain not found: no domain with matching uuid '${uuid}'`);
    if (domain.state !== "running" || !hasProcess(domain))
      refuse("Requested operation is not valid: domain is not running");
    if (world.migrations.running.has(uuid)) refuse("Timed out during operation: cannot acquire state change lock");
    // QEMU has one migration at a time, and a capture is one; what a dead one left of itself is inherited.
    if (world.saved.captures.has(uuid)) refuse("internal error: There's a migration process in progress");
    if (world.saved.leftovers.get(placeKey(source.name, uuid))?.runId === domain.runId)
      refuse("internal error: Background-snapshot is not compatible with currently set capabilities");
    if (!target || !hostsReach(source, target, world.clock.now()) || target.libvirtd === "down")
      refuse("unable to connect to server: No route to host");
    const guest = world.guest(uuid);
    if (!guest || !seesDisk(target, guest))
      refuse(`Cannot access storage file '${guest?.diskPath}': No such file or directory`);
    const there = target.domains.get(uuid);
    if (there && isActive(there)) refuse(`operation failed: domain '${domain.name}' is already active on the target`);
    world.migrations.running.set(uuid, { from: source.name, to: target.name });
    const fails = world.migrations.failing > 0;
    if (fails) world.migrations.failing--;
    world.tell(`${domain.name} begins to move from ${source.name} to ${target.name}.`);
    const bytesTotal = domain.memoryMiB * bytesPerMib;
    onProgress({ phase: "copying memory", bytesDone: 0, bytesTotal });
    copyMemory(domain, target, 0, bytesTotal, fails);
  }

  function end(error?: HypervisorRefused): void {
    world.migrations.running.delete(uuid);
    if (error) done.reject(error);
    else done.resolve();
  }

  function copyMemory(begun: SimDomain, there: SimHost, bytesDone: number, bytesTotal: number, fails: boolean): void {
    world.later(roundMs, () => {
      const domain = source.domains.get(uuid);
      const stays = (words: string) => {
        world.tell(`${begun.name} is not moved: ${words}.`);
        end(new HypervisorRefused(`operation failed: ${words}`));
      };
      if (source.power === "off" || source.libvirtd === "down" || domain?.runId !== begun.runId || !hasProcess(domain))
        return stays("the guest is not running any more");
      if (signal.aborted) return stays("the migration was cancelled");
      if (!hostsReach(source, there, world.clock.now()) || there.libvirtd === "down")
        return stays("the target does not answer");
      if (fails && bytesDone * 2 >= bytesTotal) return stays("the migration job failed");
      const nowDone = Math.min(bytesTotal, bytesDone + (mibPerSecond * bytesPerMib * roundMs) / 1000);
      onProgress({
        phase: nowDone < bytesTotal ? "copying memory" : "switching over",
        bytesDone: nowDone,
        bytesTotal,
      });
      if (nowDone < bytesTotal) copyMemory(begun, there, nowDone, bytesTotal, fails);
      else {
        switchOver(domain, there);
        end();
      }
    });
  }

  function switchOver(domain: SimDomain, there: SimHost): void {
    source.domains.delete(uuid);
    world.set(there, { ...domain, generation, persistent: true, runId: there.nextRunId++ });
    world.say(source, { uuid, what: "stopped migrated" });
    world.say(source, { uuid, what: "undefined removed" });
    world.say(there, { uuid, what: "started migrated" });
    world.tell(`${domain.name} runs on ${there.name} now.`);
  }
}
