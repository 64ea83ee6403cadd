import { writeWish } from "./state.ts";
import { withHost } from "./with-host.ts";

/**
 * Dark: the host's power controller answers nobody, as when the rack's power fails and takes the BMC with it. Only the fence
 * agent is darkened: powerOff, powerOn and the lab's own commands are the hand on the plug, and still work.
 */
export async function setBmc(lab: string, host: string, bmc: "dark" | "lit"): Promise<void> {
  await withHost(lab, host, async () => await writeWish(lab, host, { bmc }));
}
