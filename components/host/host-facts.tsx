import { Button } from "@mantine/core";
import { Pencil } from "lucide-react";
import { type ReactNode, useState } from "react";
import { agoWords, serverNow } from "../../lib/client/index.ts";
import type { HostView } from "../../lib/contract/index.ts";
import factClasses from "../incident/incident-facts.module.css";
import { Panel } from "../ui/panel.tsx";
import { useNow } from "../ui/use-now.ts";
import { HostSettings } from "./host-settings.tsx";
import { hostFacts } from "./host-words.ts";
import { InstallHelper } from "./install-helper.tsx";

const watchdogs = {
  hardware: "the board's watchdog",
  software: "a watchdog in software",
  none: "no watchdog",
} as const;

function helperWords({ helper }: HostView, now: number): string {
  if (helper === null) return "Not installed: without it there is no lease.";
  if (!helper.connected)
    return `Version ${helper.version}, not connected. Last heard ${agoWords(now - helper.reportedAt)} ago.`;
  return `Version ${helper.version}, connected, ${watchdogs[helper.watchdog]}, lease of ${helper.leaseMs / 1000} s.`;
}

/** What the host is, and what a person said of it. */
export function HostFacts({ host }: { readonly host: HostView }) {
  const now = useNow(serverNow, 5_000);
  const [asked, setAsked] = useState<"settings" | "helper" | undefined>(undefined);
  const close = () => setAsked(undefined);
  const facts: [string, ReactNode][] = [
    ["Machine", hostFacts(host).join(" · ") || "not known yet"],
    ["Address", host.uri],
    ["Host key", host.hostKeySha256],
    [
      "Helper",
      <>
        {helperWords(host, now)}{" "}
        <Button size="compact-xs" variant="default" onClick={() => setAsked("helper")}>
          {host.helper === null ? "Install the helper" : "Install it again"}
        </Button>
      </>,
    ],
    ["Rack", host.rack ?? "none: a failure domain of its own"],
    ["Shared", host.sharedPaths.length === 0 ? "no directory: VMs stay on this host" : host.sharedPaths.join(", ")],
    ["Faults", host.faultInjection ? "may be injected" : "are never injected"],
  ];
  return (
    <Panel
      title="Facts"
      aside={
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Pencil size={12} aria-hidden="true" />}
          onClick={() => setAsked("settings")}
        >
          Change rack and storage
        </Button>
      }
    >
      <dl className={factClasses.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <HostSettings host={host} opened={asked === "settings"} onClose={close} />
      <InstallHelper host={host} opened={asked === "helper"} onClose={close} />
    </Panel>
  );
}
