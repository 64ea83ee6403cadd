import { CircleCheck, CircleHelp, CircleX } from "lucide-react";
import { agoWords, capital, sensorTrouble, serverNow } from "../../lib/client/index.ts";
import type { ManagerView, SensorReportView, SensorView, VmView } from "../../lib/contract/index.ts";
import { Badge } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./application-page.module.css";

const badges = {
  ok: { tone: "ok", icon: CircleCheck, word: "Well" },
  failing: { tone: "bad", icon: CircleX, word: "Failing" },
  unknown: { tone: "quiet", icon: CircleHelp, word: "Not known" },
} as const;

export interface SensorsProps {
  readonly report: SensorReportView | undefined;
  readonly vms: readonly VmView[];
  readonly manager: ManagerView | undefined;
}

/** What the customer's own sensors say of the servers and VMs. */
export function Sensors({ report, vms, manager }: SensorsProps) {
  const now = useNow(serverNow, 2_000);
  const trouble = sensorTrouble(report, now);
  const nameOf = (id: SensorView["vmId"]) => vms.find((it) => it.id === id)?.name;
  const none = report === undefined || report.sensors.length === 0;
  return (
    <Panel title="Sensors" aside={none || manager === undefined ? undefined : `of ${manager.name}`}>
      {none ? (
        <Situation
          kind="empty"
          title="No sensor reports."
          words="The customer's manager deploys them with the servers. Without them a failure of a server alone is not noticed."
        />
      ) : (
        <>
          {trouble === undefined ? null : (
            <p className={classes.body} role="alert">
              {capital(trouble)}: what stands here is old.
            </p>
          )}
          <ul className={classes.vms} aria-label="Sensors">
            {report.sensors.map((sensor) => (
              <li key={sensor.name}>
                <p className={classes.vm}>
                  <strong>{sensor.name}</strong> <Badge {...badges[trouble === undefined ? sensor.state : "unknown"]} />
                  <span className={classes.quiet}>
                    {placeWords(sensor, nameOf)}, for {agoWords(now - sensor.since)}
                  </span>
                </p>
                {sensor.words === "" ? null : <p className={classes.quiet}>{sensor.words}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

const placeWords = (sensor: SensorView, nameOf: (id: SensorView["vmId"]) => string | undefined): string => {
  const at = nameOf(sensor.vmId);
  const from = sensor.fromVmId === sensor.vmId ? "inside" : `seen from ${nameOf(sensor.fromVmId) ?? "the manager"}`;
  return at === undefined ? from : `${at}, ${from}`;
};
