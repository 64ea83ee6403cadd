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
  const [editing, setEditing] = useState(false);
  const facts: [string, ReactNode][] = [
    ["Machine", hostFacts(host).join(" · ") || "not known yet"],
    ["Address", host.uri],
    ["Host key", host.hostKeySha256],
    ["Helper", helperWords(host, now)],
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
          onClick={() => setEditing(true)}
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
      <HostSettings host={host} opened={editing} onClose={() => setEditing(false)} />
    </Panel>
  );
}
