import type { CloudView, HostView } from "../../lib/contract/index.ts";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./host-page.module.css";

/** Which of its VMs would not come back, before it happens. */
export function IfItDied({ cloud, host }: { readonly cloud: CloudView; readonly host: HostView }) {
  const misfits = cloud.tolerance.find((it) => it.hostId === host.id)?.misfits ?? [];
  return (
    <Panel title="If this host died now">
      {misfits.length === 0 ? (
        <Situation
          kind="good"
          title="Every VM that may be moved would fit elsewhere."
          words="VMs whose owners do not allow it would stay down with the host."
        />
      ) : (
        <ul className={classes.rows} aria-label="VMs that would not come back">
          {misfits.map(({ vmId, words }) => (
            <li key={vmId}>
              <strong>{cloud.vms.find((it) => it.id === vmId)?.name ?? "a VM"}</strong>
              <span className={classes.rowWords}>{words}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
