import { CircleCheck, LoaderCircle, type LucideIcon, Unplug } from "lucide-react";
import { agoWords, serverNow } from "../../lib/client/index.ts";
import type { HostView, VmView } from "../../lib/contract/index.ts";
import { type HostState, hostStates } from "../../lib/model/index.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./host-head.module.css";

const looks: Record<HostState, { readonly icon: LucideIcon; readonly word: string; readonly tone: Tone }> = {
  up: { icon: CircleCheck, word: "Up", tone: "ok" },
  silent: { icon: Unplug, word: "Silent", tone: "bad" },
  connecting: { icon: LoaderCircle, word: "Connecting", tone: "quiet" },
};

/** A host: whether Belay hears from it, what it is, and how many of its VMs run. */
export function HostHead({ host, vms }: { readonly host: HostView; readonly vms: readonly VmView[] }) {
  const now = useNow(serverNow, 5_000);
  const look = looks[host.state];
  const running = vms.filter((it) => it.state === "running").length;
  return (
    <section className={classes.host} aria-label={`Host ${host.name}`} data-state={host.state}>
      <div className={classes.head}>
        <h3 className={classes.name}>{host.name}</h3>
        <Badge {...look} turning={host.state === "connecting"} title={hostStates[host.state].words} />
      </div>
      <p className={classes.count}>
        {host.state === "up"
          ? `${running} of ${vms.length} VMs running`
          : `${host.stateWords ?? hostStates[host.state].words} For ${agoWords(now - host.stateSince)}.`}
      </p>
      {factsOf(host).map((line) => (
        <p key={line} className={classes.facts}>
          {line}
        </p>
      ))}
    </section>
  );
}

/** Two lines: the machine, and what drives it. */
function factsOf(host: HostView): string[] {
  const lines = [
    [
      host.cpus === null ? null : `${host.cpus} CPU`,
      host.memoryMiB === null ? null : `${(host.memoryMiB / 1024).toFixed(1)} GiB`,
    ],
    [
      host.libvirtVersion === null ? null : `libvirt ${host.libvirtVersion}`,
      host.qemuVersion === null ? null : `QEMU ${host.qemuVersion}`,
    ],
  ];
  return lines.map((facts) => facts.filter((it) => it !== null).join(" · ")).filter((line) => line !== "");
}
