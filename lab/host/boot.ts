import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, rm, truncate } from "node:fs/promises";
import path from "node:path";
import { hostPaths, imageCacheDir, labPaths, labSourceDir } from "../paths.ts";
import { type HostRecord, hostNetwork, type LabRecord, readRun, readWish } from "../state.ts";
import { prefixLength } from "../subnet.ts";
import { LabError } from "../system/error.ts";
import { readText } from "../system/files.ts";
import { ensureCable, linkIsUp, plugIn, removeLink, setLink } from "../system/network.ts";
import { isAlive, killAndWait } from "../system/process.ts";
import { plainEnv } from "../system/run.ts";

const bootTimeoutMs = 30_000;
/** How long a host's watchdog, once armed, waits to be fed. */
const watchdogSeconds = 6;
const maxLogBytes = 4 * 1024 * 1024;

/** PID of the host's init while it runs. */
export async function hostPid(lab: string, host: string): Promise<number | undefined> {
  const who = await readRun(lab, host);
  return who && (await isAlive(who)) ? who.pid : undefined;
}

/**
 * Switches a host on: watchdog, new namespaces, network card, then init.sh mounts and starts sshd and libvirtd. Returns when init has its
 * card, not when the services answer (see ready.ts). Does nothing when it runs. The caller holds the host's lock.
 */
export async function boot(record: LabRecord, host: HostRecord): Promise<void> {
  const paths = hostPaths(record.name, host.name);
  const network = hostNetwork(record.index, host.number);
  const { link } = await readWish(record.name, host.name);
  if (await isComplete(record, host)) return await ensureCable(network.link, network.bridge, link);
  await halt(record, host);
  await mkdir(imageCacheDir, { recursive: true });
  await mkdir(labPaths(record.name).shared, { recursive: true });
  if (((await readText(paths.log))?.length ?? 0) > maxLogBytes) await truncate(paths.log, 0);
  const log = openSync(paths.log, "a", 0o600);
  await rm(paths.reset, { force: true });
  const child = spawn("bash", [path.join(labSourceDir, "host/board.sh")], {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "pipe", log],
    env: {
      ...plainEnv,
      HOST_DIR: paths.dir,
      SHARED_DIR: labPaths(record.name).shared,
      IMAGES_DIR: imageCacheDir,
      HOST_NAME: host.name,
      LINK: network.link,
      WATCHDOG_SECONDS: String(watchdogSeconds),
      ADDRESS: network.address,
      PREFIX: String(prefixLength),
      GATEWAY: network.gateway,
      BRIDGE_MAC: network.bridgeMac,
      KVM: record.kvm ? "yes" : "no",
    },
  });
  closeSync(log);
  child.stdin?.on("error", () => undefined);
  try {
    const pid = await firstLine(child);
    await plugIn({ name: network.link, bridge: network.bridge, pid: Number(pid), mac: network.cardMac, link });
    child.stdin?.end("go\n");
  } catch (error) {
    child.stdin?.destroy();
    const tail = ((await readText(paths.log)) ?? "").trim().split("\n").slice(-5).join("\n");
    throw new LabError(`${host.name} does not start: ${tail}`, `the whole log: ${paths.log}`, { cause: error });
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
}

/** Runs, beyond the point where it needs the command that started it, and has its cable. A crash can leave less. */
async function isComplete(record: LabRecord, host: HostRecord): Promise<boolean> {
  const init = await readRun(record.name, host.name);
  if (!init?.plugged || !(await isAlive(init))) return false;
  return (await linkIsUp(hostNetwork(record.index, host.number).link)) !== undefined;
}

/**
 * Switches a host off as a power cut does: the cable goes first, so that no FIN or RST of the dying kernel's sockets gets
 * out, then every process at once. The network namespace ends with them and takes unsent packets along: a host that is
 * switched on later never sends what its former life had queued.
 */
export async function halt(record: LabRecord, host: HostRecord): Promise<void> {
  const { link } = hostNetwork(record.index, host.number);
  if (await linkIsUp(link)) await setLink(link, "down");
  const who = await readRun(record.name, host.name);
  if (who) await killAndWait(who);
  await removeLink(link);
  await rm(hostPaths(record.name, host.name).run, { force: true });
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new LabError(`init said nothing for ${bootTimeoutMs} ms`)), bootTimeoutMs);
    let text = "";
    child.stdout?.on("data", (piece: Buffer) => {
      text += piece.toString();
      const end = text.indexOf("\n");
      if (end < 0) return;
      clearTimeout(timer);
      resolve(text.slice(0, end));
    });
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new LabError(why));
    };
    child.on("error", (error) => fail(`bash cannot be started: ${error.message}`));
    child.on("exit", (code) => fail(`init ended with ${code}`));
  });
}
