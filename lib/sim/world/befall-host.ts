import { agentDies } from "../checkpoints/befall-saved.ts";
import { helperDies, helperStarts } from "../helper/helper.ts";
import type { HostAction } from "./actions.ts";
import { bootHost, startLibvirtd, stopHost } from "./power.ts";
import type { SimHost, SimSwitch } from "./types.ts";
import type { World } from "./world.ts";

export function befallHost(world: World, action: HostAction): string | undefined {
  const host = world.host(action.host);
  if (!host) return undefined;
  const words =
    action.do === "fence-fails" || action.do === "fence-mended"
      ? changeSwitch(host, action)
      : changeHost(world, host, action.do);
  if (words !== undefined) world.hostChanged(host);
  return words;
}

type SwitchAction = Extract<HostAction, { do: "fence-fails" | "fence-mended" }>;

function changeHost(world: World, host: SimHost, change: Exclude<HostAction, SwitchAction>["do"]): string | undefined {
  const on = host.power === "on";
  switch (change) {
    case "host-power-off":
      if (host.mains === "off") return undefined;
      host.mains = "off";
      if (on) stopHost(world, host);
      return `${host.name} loses its power.`;
    case "host-power-on":
      if (on) return undefined;
      host.mains = "on";
      bootHost(world, host);
      return `${host.name} gets its power back and boots.`;
    case "cut":
      if (host.cable === "cut") return undefined;
      host.cable = "cut";
      return `The network of ${host.name} is cut.`;
    case "mend":
      if (host.cable === "up") return undefined;
      host.cable = "up";
      return `The network of ${host.name} is mended.`;
    case "isolate":
      if (host.link === "cut") return undefined;
      host.link = "cut";
      return `The network between Belay and ${host.name} is cut.`;
    case "rejoin":
      if (host.link === "up") return undefined;
      host.link = "up";
      return `The network between Belay and ${host.name} is mended.`;
    case "libvirtd-dies":
      if (!on || host.libvirtd === "down") return undefined;
      host.libvirtd = "down";
      return `libvirtd on ${host.name} dies; its guests run on.`;
    case "libvirtd-starts":
      if (!on || host.libvirtd === "up") return undefined;
      startLibvirtd(world, host);
      return `libvirtd on ${host.name} starts again.`;
    case "libvirtd-broken":
      if (host.libvirtdBroken) return undefined;
      host.libvirtdBroken = true;
      host.libvirtd = "down";
      return `libvirtd on ${host.name} dies, and will die again soon after each start; its guests run on.`;
    case "libvirtd-mended":
      if (!host.libvirtdBroken) return undefined;
      host.libvirtdBroken = false;
      return `libvirtd on ${host.name} would run again if it were started.`;
    case "host-key-changes":
      host.hostKeySha256 = `SHA256:${"changed".padEnd(43, "0")}`;
      return `${host.name} shows another host key from now on.`;
    case "helper-dies":
      return helperDies(world, host);
    case "helper-starts":
      return helperStarts(world, host);
    case "agent-dies":
      return agentDies(world, host);
  }
}

const faultWords = {
  dark: "does not answer any more",
  refuses: "refuses from now on",
  lies: 'says "off" from now on whatever is so',
  slow: "takes several seconds from now on",
} as const;

function changeSwitch(host: SimHost, action: SwitchAction): string | undefined {
  const number = action.device ?? 1;
  const device: SimSwitch | undefined = host.switches[number - 1];
  const fault = action.do === "fence-fails" ? action.how : null;
  if (!device || device.fault === fault) return undefined;
  device.fault = fault;
  const name = `Fence device ${number} of ${host.name}`;
  return fault === null ? `${name} works again.` : `${name} ${faultWords[fault]}.`;
}
