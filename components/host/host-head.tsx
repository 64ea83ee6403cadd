import Link from "next/link";
import { agoWords, protectionOfHost, serverNow } from "../../lib/client/index.ts";
import type { HostView, IncidentView, VmView } from "../../lib/contract/index.ts";
import { IncidentOfVm } from "../incident/incident-of-vm.tsx";
import { useNow } from "../ui/use-now.ts";
import { ProtectionLine } from "../vm/protection-line.tsx";
import { HostHealthBadge, HostStandingBadge, HostStateBadge } from "./host-badges.tsx";
import classes from "./host-head.module.css";
import { connectionOf, hostFacts, standingOf } from "./host-words.ts";

export interface HostHeadProps {
  readonly host: HostView;
  readonly vms: readonly VmView[];
  /** The open incident of the host itself. */
  readonly incident: IncidentView | undefined;
}

/** A host: whether Belay hears from it, what it is used for, and whether its death could be survived. */
export function HostHead({ host, vms, incident }: HostHeadProps) {
  const now = useNow(serverNow, 5_000);
  const running = vms.filter((it) => it.state === "running").length;
  // What its connection says is no news once Belay took it for dead.
  const isGone = host.standing === "fencing" || host.standing === "fenced";
  return (
    <section className={classes.host} aria-label={`Host ${host.name}`} data-state={host.state}>
      <div className={classes.head}>
        <h3 className={classes.name}>
          <Link href={`/hosts/${host.id}`}>{host.name}</Link>
        </h3>
        <HostStateBadge host={host} />
      </div>
      <p className={classes.badges}>
        <HostHealthBadge host={host} />
        <HostStandingBadge host={host} />
        {host.rack === null ? null : <span className={classes.rack}>rack {host.rack}</span>}
      </p>
      {isGone ? null : (
        <p className={classes.count}>
          {host.state === "up"
            ? `${running} of ${vms.length} VMs running`
            : `${connectionOf(host)} For ${agoWords(now - host.stateSince)}.`}
        </p>
      )}
      {host.standing === "in-use" ? null : <p className={classes.standing}>{standingOf(host)}</p>}
      {incident === undefined ? null : <IncidentOfVm incident={incident} />}
      <ProtectionLine protection={protectionOfHost(host)} />
      {hostFacts(host).map((line) => (
        <p key={line} className={classes.facts}>
          {line}
        </p>
      ))}
    </section>
  );
}
