import { readFile, writeFile } from "node:fs/promises";
import { LabError } from "./error.ts";
import { linkIsUp, setLink } from "./network.ts";
import { must, run } from "./run.ts";

/**
 * An address that the machine itself neither reaches nor hears, in silence. The way out is a route into an interface that leads
 * nowhere: a bridge without ports that asks for no neighbour. The way in is the reverse path filter: what comes from an address
 * that is routed elsewhere is dropped, ARP questions too. No packet filter is needed, and no module for one. Adding a route voids
 * the routes that open connections have cached, so they fall silent at once, without a RST.
 */
export interface Sink {
  name: string;
  bridge: string;
  alias: string;
  /** The machine's own address on the bridge: connections that begin into the sink have the address that they would have. */
  source: string;
}

/** Sinks the address. Twice is once. */
export async function sinkAddress(sink: Sink, address: string): Promise<void> {
  if ((await linkIsUp(sink.name)) === undefined) {
    const made = await run(["ip", "link", "add", sink.name, "type", "bridge", "mcast_snooping", "0"]);
    // Two commands for two hosts may both make it.
    if (made.code !== 0 && (await linkIsUp(sink.name)) === undefined)
      throw new LabError(`${sink.name} cannot be made: ${made.stderr.trim()}`);
  }
  await must(["ip", "link", "set", "dev", sink.name, "alias", sink.alias, "arp", "off"]);
  await setLink(sink.name, "up");
  const filter = `/proc/sys/net/ipv4/conf/${sink.bridge}/rp_filter`;
  await writeFile(filter, "1\n").catch((cause: unknown) => {
    throw new LabError(`${filter} cannot be written`, "a container needs a writable /proc/sys, as with --privileged", {
      cause,
    });
  });
  await must(["ip", "route", "replace", `${address}/32`, "dev", sink.name, "src", sink.source]);
}

/** Takes the address out again. Nothing to do when it is not in. */
export async function raiseAddress(sink: Pick<Sink, "name">, address: string): Promise<void> {
  if (!(await isSunk(sink.name, address))) return;
  const done = await run(["ip", "route", "del", `${address}/32`, "dev", sink.name]);
  if (done.code !== 0 && (await isSunk(sink.name, address)))
    throw new LabError(`${address} stays isolated: ${done.stderr.trim()}`);
}

/** Read from the machine's routing table, without starting a program: status asks for each host. */
export async function isSunk(name: string, address: string): Promise<boolean> {
  return routesInto(await readFile("/proc/net/route", "utf8"), name).includes(address);
}

/** Single addresses routed into an interface, from the text of /proc/net/route: hexadecimal, least significant byte first. */
export function routesInto(table: string, name: string): string[] {
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([iface, destination, , , , , , mask]) =>
    iface === name && mask === "FFFFFFFF" && destination ? [toDotted(destination)] : [],
  );
}

const toDotted = (hex: string) => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".");
