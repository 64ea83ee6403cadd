import { readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Cidr } from "../subnet.ts";
import { must, run } from "./run.ts";

const addresses = z.array(
  z.object({
    ifname: z.string(),
    addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number() })).default([]),
  }),
);
const routes = z.array(z.object({ dst: z.string() }));

function parseCidr(text: string): Cidr | undefined {
  const [address = "", length] = text.split("/");
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return undefined;
  return { address, prefixLength: length === undefined ? 32 : Number(length) };
}

/** IPv4 subnets this machine has an address in or a route to, and the names of its network interfaces. */
export async function machineNetworks(): Promise<{ taken: Cidr[]; links: string[] }> {
  const found = addresses.parse(JSON.parse((await must(["ip", "-4", "-j", "addr", "show"])) || "[]"));
  const links = z
    .array(z.object({ ifname: z.string() }))
    .parse(JSON.parse((await must(["ip", "-j", "link", "show"])) || "[]"));
  const table = routes.parse(JSON.parse((await must(["ip", "-4", "-j", "route", "show", "table", "all"])) || "[]"));
  const local = found.flatMap((link) =>
    link.addr_info.flatMap((info) => (info.local ? [{ address: info.local, prefixLength: info.prefixlen }] : [])),
  );
  const routed = table.flatMap((route) => parseCidr(route.dst) ?? []);
  return { taken: [...local, ...routed], links: links.map((link) => link.ifname) };
}

/** One attribute of an interface. Of one that is just going, sysfs says EINVAL or ENODEV: it counts as gone. */
async function attribute(name: string, what: string): Promise<string | undefined> {
  return (await readFile(`/sys/class/net/${name}/${what}`, "utf8").catch(() => undefined))?.trim();
}

/** True when the interface is set up (by `ip link set … up`), false when down, undefined when there is none. */
export async function linkIsUp(name: string): Promise<boolean | undefined> {
  const text = await attribute(name, "flags");
  return text === undefined ? undefined : (Number(text) & 1) === 1;
}

export async function linkAlias(name: string): Promise<string | undefined> {
  return await attribute(name, "ifalias");
}

/** Nothing to do for an interface that is gone: a veth goes by itself when the host at its other end dies. */
export async function setLink(name: string, state: "up" | "down"): Promise<void> {
  const done = await run(["ip", "link", "set", "dev", name, state]);
  if (done.code !== 0 && (await linkIsUp(name)) !== undefined) await must(["ip", "link", "set", "dev", name, state]);
}

/** Plugs an interface into the bridge again where it came out (the bridge was removed by hand), and sets it as it is wanted. */
export async function ensureCable(name: string, bridge: string, state: "up" | "down"): Promise<void> {
  const master = path.basename(await readlink(`/sys/class/net/${name}/master`).catch(() => ""));
  if (master !== bridge) await must(["ip", "link", "set", "dev", name, "master", bridge]);
  if ((await linkIsUp(name)) !== (state === "up")) await setLink(name, state);
}

/** Removes an interface; nothing to do when it is not there. A veth takes its other end with it. */
export async function removeLink(name: string): Promise<void> {
  if ((await linkIsUp(name)) === undefined) return;
  const done = await run(["ip", "link", "del", "dev", name]);
  if (done.code !== 0 && (await linkIsUp(name)) !== undefined) await must(["ip", "link", "del", "dev", name]);
}

/**
 * The lab's bridge with the machine's own address on it. The alias says whose it is; `ip link add` cannot set it in one
 * step, so callers hold the machine's lock and have recorded their index before.
 */
export async function ensureBridge(options: {
  name: string;
  address: string;
  prefixLength: number;
  mac: string;
  alias: string;
}): Promise<void> {
  const { name, address, prefixLength, mac, alias } = options;
  if ((await linkIsUp(name)) === undefined)
    await must([
      "ip",
      "link",
      "add",
      name,
      "type",
      "bridge",
      "stp_state",
      "0",
      "forward_delay",
      "0",
      "mcast_snooping",
      "0",
    ]);
  // A MAC address of its own: else it takes that of a port, and changes when a host is switched off, under the nose of all others.
  await must(["ip", "link", "set", "dev", name, "address", mac, "alias", alias]);
  const quiet = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
  if ((await readFile(quiet, "utf8").catch(() => "1")).trim() === "0") await must(["sh", "-c", 'echo 1 > "$0"', quiet]);
  await must(["ip", "addr", "replace", `${address}/${prefixLength}`, "dev", name]);
  await setLink(name, "up");
}

/** A cable between the bridge and a new network namespace: `name` on the machine, `eth0` inside. Its state is `link`. */
export async function plugIn(options: {
  name: string;
  bridge: string;
  pid: number;
  mac: string;
  link: "up" | "down";
}): Promise<void> {
  const { name, bridge, pid, mac, link } = options;
  await removeLink(name);
  await must(["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "address", mac, "netns", String(pid)]);
  await must(["ip", "link", "set", "dev", name, "master", bridge]);
  await setLink(name, link);
}
