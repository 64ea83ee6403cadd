import type { CloudView, HostView } from "../../lib/contract/index.ts";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { VmStateBadge } from "../vm/vm-state.tsx";
import classes from "./host-page.module.css";

/** The VMs that belong to the host, and those on their way to it. */
export function HostVms({ cloud, host }: { readonly cloud: CloudView; readonly host: HostView }) {
  const vms = cloud.vms.filter((it) => it.hostId === host.id || it.movingTo === host.id);
  return (
    <Panel title="VMs" aside={String(vms.length)}>
      {vms.length === 0 ? (
        <Situation kind="empty" title="None." />
      ) : (
        <ul className={classes.rows} aria-label={`VMs of ${host.name}`}>
          {vms.map((vm) => (
            <li key={vm.id}>
              <span>
                {vm.name}{" "}
                <span className={classes.rowWords}>
                  {vm.vcpus} vCPU · {vm.memoryMiB} MiB{vm.hostId === host.id ? "" : " · on its way here"}
                </span>
              </span>
              <VmStateBadge vm={vm} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
