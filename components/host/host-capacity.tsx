import { capacityOf } from "../../lib/client/index.ts";
import type { CloudView, HostView } from "../../lib/contract/index.ts";
import { Meter } from "../ui/meter.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./host-page.module.css";

/** What its VMs take of what the host may give, with the cloud's overcommit. */
export function HostCapacity({ cloud, host }: { readonly cloud: CloudView; readonly host: HostView }) {
  const capacity = capacityOf(cloud, host);
  return (
    <Panel title="Capacity" aside="VMs that run, or should">
      {capacity === undefined ? (
        <Situation kind="empty" title="Not known: the host has not said what it has." />
      ) : (
        <div className={classes.padded}>
          <Meter
            label="Memory"
            value={capacity.usedMiB}
            max={capacity.totalMiB}
            words={`${capacity.usedMiB} of ${capacity.totalMiB} MiB`}
          />
          <Meter
            label="Virtual CPUs"
            value={capacity.usedCpus}
            max={capacity.totalCpus}
            words={`${capacity.usedCpus} of ${capacity.totalCpus}`}
          />
          {cloud.policy === null ? null : (
            <p className={classes.hint}>
              {cloud.policy.cpuOvercommit} virtual CPUs per real one, memory times {cloud.policy.memoryOvercommit},{" "}
              {cloud.policy.reserveMiB} MiB kept free.
            </p>
          )}
        </div>
      )}
    </Panel>
  );
}
