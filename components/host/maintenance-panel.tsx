import type { CloudView, HostView } from "../../lib/contract/index.ts";
import { can } from "../../lib/model/index.ts";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { MaintenanceProgress } from "./maintenance-progress.tsx";
import { MaintenanceStart } from "./maintenance-start.tsx";

/** Working on a host: what would move, then how it goes. */
export function MaintenancePanel({ cloud, host }: { readonly cloud: CloudView; readonly host: HostView }) {
  const open = cloud.maintenances.find((it) => it.hostId === host.id && it.endedAt === null);
  const may = can.beginMaintenance(cloud.viewer, host);
  return (
    <Panel title="Maintenance" aside={<SimulatedMark simulated={cloud.simulated} />}>
      {open !== undefined ? (
        <MaintenanceProgress maintenance={open} cloud={cloud} />
      ) : may === true ? (
        <MaintenanceStart cloud={cloud} host={host} />
      ) : (
        <Situation kind="empty" title={may} />
      )}
    </Panel>
  );
}
