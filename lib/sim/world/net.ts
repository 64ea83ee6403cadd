import type { EpochMs } from "../../model/index.ts";
import type { SimHost } from "./types.ts";

/** Who hears whom. Nothing is counted or remembered: a link is what its ends and the path between them are now. */

/** Its kernel runs: its guests have CPUs, and the guests' own network and the storage reach it. */
export const isUp = (host: SimHost, now: EpochMs): boolean => host.power === "on" && host.readyAt <= now;

/** Packets pass between Belay and the host, and something at the other end answers them. */
export const answersNetwork = (host: SimHost, now: EpochMs): boolean =>
  isUp(host, now) && host.link === "up" && host.cable === "up";

/** An echo between two hosts comes back: it needs both directions, so it is one answer for both. */
export const hostsReach = (a: SimHost, b: SimHost, now: EpochMs): boolean =>
  a !== b && isUp(a, now) && isUp(b, now) && a.cable === "up" && b.cable === "up" && !a.partedFrom.has(b.name);

/** Whether the host sees the file: it lies on its own disk, or below a directory that it shares. */
export const seesDisk = (host: SimHost, disk: { readonly diskPath: string; readonly home: string }): boolean =>
  disk.home === host.name || host.sharedPaths.some((path) => disk.diskPath.startsWith(`${path}/`));
