import { type HostRecord, hostNetwork, type LabRecord, readWish, sinkAlias, writeWish } from "./state.ts";
import { linkIsUp } from "./system/network.ts";
import { raiseAddress, sinkAddress } from "./system/sink.ts";
import { withHost } from "./with-host.ts";

/** Makes the machine's routes what was last asked for. Also after the bridge was made anew: `up` calls it for each host. */
export async function applyControl(record: LabRecord, host: HostRecord): Promise<void> {
  const { address, bridge, gateway, sink } = hostNetwork(record.index, host.number);
  // A lab that is down has no network; the next `up` comes here again.
  if ((await linkIsUp(bridge)) === undefined) return;
  const { control } = await readWish(record.name, host.name);
  if (control === "open") await raiseAddress({ name: sink }, address);
  else await sinkAddress({ name: sink, bridge, alias: sinkAlias(record.name), source: gateway }, address);
}

async function setControl(lab: string, hosts: string | readonly string[], control: "open" | "isolated"): Promise<void> {
  await Promise.all(
    [hosts].flat().map((name) =>
      withHost(lab, name, async (record, host) => {
        await writeWish(lab, name, { control });
        await applyControl(record, host);
      }),
    ),
  );
}

/**
 * Cuts what runs on the machine itself (the control plane) off from these hosts, silently and both ways. Hosts and guests go on
 * seeing each other, and guests, which have addresses of their own, are still reached from the machine. Stays over power cycles.
 */
export const isolate = (lab: string, hosts: string | readonly string[]) => setControl(lab, hosts, "isolated");
/** Takes that back; connections that were only silent go on. */
export const rejoin = (lab: string, hosts: string | readonly string[]) => setControl(lab, hosts, "open");
