import { create } from "xmlbuilder2";
import { actions } from "./options.ts";

const parameter = (name: string, type: string, fallback: string | undefined, text: string, required = false) => ({
  "@name": name,
  "@unique": "0",
  "@required": required ? "1" : "0",
  content: { "@type": type, ...(fallback === undefined ? {} : { "@default": fallback }) },
  shortdesc: { "@lang": "en", "#": text },
});

/** What the agent can do, as the fence agent interface prescribes (a resource-agent document on standard output). */
export function metadataXml(defaultLab: string): string {
  const tree = {
    "resource-agent": {
      "@name": "fence_belay_lab",
      "@shortdesc": "Power control of the hosts of a Belay lab",
      longdesc:
        "Switches the hosts of a Belay lab on and off. Off is silent to the network and ends every process of the host at once.",
      "vendor-url": "https://libvirt.org/",
      parameters: {
        parameter: [
          parameter("action", "string", "reboot", "Fencing action"),
          parameter("plug", "string", undefined, "Name of the host, as host-1", true),
          parameter("port", "string", undefined, "The same as plug"),
          parameter("nodename", "string", undefined, "The same as plug"),
          parameter("lab", "string", defaultLab, "Name of the lab"),
        ],
      },
      actions: { action: actions.map((name) => ({ "@name": name, ...(name === "on" ? { "@automatic": "0" } : {}) })) },
    },
  };
  return `${create({ version: "1.0" }, tree).end({ prettyPrint: true })}\n`;
}
