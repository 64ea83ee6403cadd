import { boot, halt } from "./host/boot.ts";
import { waitReady } from "./host/ready.ts";
import { hostNetwork, writeWish } from "./state.ts";
import { linkIsUp, setLink } from "./system/network.ts";
import { withHost } from "./with-host.ts";

/** Power off, as when the mains fail: silent to the network, every process gone. Twice is once. */
export async function powerOff(lab: string, host: string): Promise<void> {
  await withHost(lab, host, async (record, found) => {
    await writeWish(lab, host, { power: "off" });
    await halt(record, found);
  });
}

/** Power on; returns when sshd and libvirtd answer. Guests stay defined and stopped, as on a real host. Twice is once. */
export async function powerOn(lab: string, host: string): Promise<void> {
  await withHost(lab, host, async (record, found) => {
    await writeWish(lab, host, { power: "on" });
    await boot(record, found);
    await waitReady(record, found);
  });
}

/** Off, then on: one step under one lock, so that nobody sees it half done and changes it. */
export async function powerCycle(lab: string, host: string): Promise<void> {
  await withHost(lab, host, async (record, found) => {
    await writeWish(lab, host, { power: "on" });
    await halt(record, found);
    await boot(record, found);
    await waitReady(record, found);
  });
}

async function setCable(lab: string, host: string, state: "up" | "down"): Promise<void> {
  await withHost(lab, host, async (record, found) => {
    await writeWish(lab, host, { link: state });
    const { link } = hostNetwork(record.index, found.number);
    if ((await linkIsUp(link)) !== undefined) await setLink(link, state);
  });
}

/** Pulls the host's network cable: host and guests run on, unreachable. It stays out over a power cycle. */
export const cut = (lab: string, host: string) => setCable(lab, host, "down");
/** Puts the cable back. */
export const mend = (lab: string, host: string) => setCable(lab, host, "up");
