import { readdir, rm } from "node:fs/promises";
import { hostPaths, labPaths, machineLock } from "./paths.ts";
import { type OnPhase, phase } from "./phases.ts";
import { bridgeAlias, readRecord, readRun, sinkAlias } from "./state.ts";
import { bridgeName } from "./subnet.ts";
import { withLock } from "./system/lock.ts";
import { linkAlias, linkIsUp, machineNetworks, removeLink, setLink } from "./system/network.ts";
import { isAlive, killAndWait } from "./system/process.ts";

export interface LabDownOptions {
  /** Keep disks, keys and addresses for the next `up`. */
  keep?: boolean;
  onPhase?: OnPhase;
}

/**
 * Takes a lab down: no process, namespace, interface or mount of it remains, and unless `keep` no file but the caches. Needs
 * nothing but the directory: it also clears what a crash, or a damaged lab.json, has left. No lab of that name is no error.
 */
export async function labDown(name: string, options: LabDownOptions = {}): Promise<void> {
  const paths = labPaths(name);
  await withLock(paths.lock, async () => {
    const bridge = await findBridge(name);
    const cables = bridge ? await cablesOf(bridge) : [];
    await phase("hosts", options.onPhase, async (say) => {
      for (const cable of cables) await setLink(cable, "down");
      const hosts = (await readdir(paths.hosts, { withFileTypes: true }).catch(() => [])).filter((entry) =>
        entry.isDirectory(),
      );
      const stopped = await Promise.all(hosts.map((entry) => stopHost(name, entry.name)));
      say(`${stopped.filter((ran) => ran).length} switched off`);
    });
    await phase("network", options.onPhase, async (say) => {
      await withLock(machineLock, async () => {
        for (const cable of cables) await removeLink(cable);
        if (bridge) await removeLink(bridge);
        const sink = await findSink(name, bridge);
        if (sink) await removeLink(sink);
      });
      say(bridge ?? "nothing to remove");
    });
    if (options.keep) return;
    await rm(paths.dir, { recursive: true, force: true });
    // Last, and while we hold it: whoever waits on this very file notices that it has lost its name.
    await rm(paths.lock, { force: true });
  });
}

async function stopHost(lab: string, host: string): Promise<boolean> {
  const who = await readRun(lab, host);
  const ran = who !== undefined && (await isAlive(who));
  if (who) await killAndWait(who);
  await rm(hostPaths(lab, host).run, { force: true });
  return ran;
}

/** By its alias; by the recorded index where a crash came between the bridge's making and its alias. */
async function findBridge(lab: string): Promise<string | undefined> {
  const { links } = await machineNetworks();
  const recorded = bridgeName((await readRecord(lab).catch(() => undefined))?.index ?? -1);
  if (links.includes(recorded) && !(await linkAlias(recorded))) return recorded;
  for (const link of links) if (link.startsWith("bly") && (await linkAlias(link)) === bridgeAlias(lab)) return link;
  return undefined;
}

/** The interface that isolated hosts' addresses lead to, likewise: beside the bridge, or by its alias where that is gone. */
async function findSink(lab: string, bridge: string | undefined): Promise<string | undefined> {
  const { links } = await machineNetworks();
  for (const link of links.filter((one) => one.startsWith("bly") && one.endsWith("void")))
    if (link === `${bridge}void` || (await linkAlias(link)) === sinkAlias(lab)) return link;
  return undefined;
}

/** Interfaces plugged into the bridge, all of them the lab's, and those a crash has left unplugged beside it. */
async function cablesOf(bridge: string): Promise<string[]> {
  const { links } = await machineNetworks();
  const named = links.filter((link) => link.startsWith(`${bridge}h`));
  const up = await Promise.all(named.map((link) => linkIsUp(link)));
  return named.filter((_, at) => up[at] !== undefined);
}
