import { misfitsOf } from "../../lib/client/index.ts";
import type { ApplicationView, CheckpointStatusView, CloudView, VmView } from "../../lib/contract/index.ts";
import type { VmId } from "../../lib/model/index.ts";
import { ApplicationHead } from "../application/application-head.tsx";
import { hueOf } from "../application/hue.ts";
import { HostHead } from "../host/host-head.tsx";
import { VmCard } from "../vm/vm-card.tsx";
import classes from "./cloud-map.module.css";

/**
 * The three layers on one sheet: a column is a host, a row is an application, and a VM stands where its two meet. Whatever fails,
 * its row and its column say what is hit. Without hosts (a customer's view) the VMs stand side by side in their row.
 */
export function CloudMap({ cloud }: { readonly cloud: CloudView }) {
  const { hosts, applications } = cloud;
  const known = new Set(applications.map((it) => it.id));
  const homeless = cloud.vms.filter((it) => it.applicationId === null || !known.has(it.applicationId));
  const saved = new Map(cloud.checkpointStatuses.map((it) => [it.vmId, it]));
  const rows = applications.length + (homeless.length > 0 ? 1 : 0);
  const columns = hosts.length;
  const firstLine = columns > 0 ? 2 : 1;
  return (
    <div
      className={classes.map}
      data-hosts={columns > 0}
      style={{ "--hosts": columns, "--rows": rows + firstLine - 1 }}
    >
      {hosts.map((host, index) => (
        <div
          key={host.id}
          className={classes.column}
          data-state={host.state}
          style={{ gridColumn: index + 2 }}
          aria-hidden="true"
        />
      ))}
      {columns === 0 ? null : (
        <div className={`${classes.row} ${classes.hosts}`}>
          <p className={classes.corner}>
            <span>Hosts →</span>
            <span>Applications ↓</span>
          </p>
          {hosts.map((host) => (
            <HostHead
              key={host.id}
              host={host}
              vms={cloud.vms.filter((it) => it.hostId === host.id)}
              incident={cloud.incidents.find((it) => it.vmId === null && it.hostId === host.id && it.endedAt === null)}
            />
          ))}
        </div>
      )}
      {applications.map((application, index) => (
        <Row
          key={application.id}
          place={index + firstLine}
          cloud={cloud}
          application={application}
          vms={cloud.vms.filter((it) => it.applicationId === application.id)}
          saved={saved}
        />
      ))}
      {homeless.length === 0 ? null : (
        <Row
          place={applications.length + firstLine}
          cloud={cloud}
          application={undefined}
          vms={homeless}
          saved={saved}
        />
      )}
    </div>
  );
}

interface RowProps {
  /** Line of the grid: the first is the hosts', where there are any. */
  readonly place: number;
  readonly cloud: CloudView;
  readonly application: ApplicationView | undefined;
  readonly vms: readonly VmView[];
  readonly saved: ReadonlyMap<VmId, CheckpointStatusView>;
}

function Row({ place, cloud, application, vms, saved }: RowProps) {
  const { hosts, applications, organizations, viewer } = cloud;
  const name = application === undefined ? "No application" : `Application ${application.name}`;
  const misfits = misfitsOf(cloud.tolerance);
  const hue = hueOf(applications, application?.id ?? "");
  const owner =
    viewer.role === "provider" ? organizations.find((it) => it.id === application?.organizationId) : undefined;
  const card = (vm: VmView) => (
    <VmCard
      key={vm.id}
      vm={vm}
      application={application}
      host={hosts.find((it) => it.id === vm.hostId)}
      incidents={cloud.incidents}
      misfit={misfits.get(vm.id)}
      movingTo={hosts.find((it) => it.id === vm.movingTo)?.name}
      saved={saved.get(vm.id)}
      savedToldEveryMs={cloud.checkpointsToldEveryMs}
      savedLimits={cloud.checkpointLimits}
      manager={cloud.managers.find((it) => it.organizationId === vm.organizationId)}
      sensors={cloud.sensorReports.find((it) => it.applicationId === vm.applicationId)}
      hasImage={cloud.images.some((it) => it.id === vm.imageId)}
    />
  );
  return (
    <section className={classes.row} aria-label={name} style={{ gridRow: place, "--hue": hue }}>
      <div className={classes.rowHead}>
        {application === undefined ? (
          <>
            <h3 className={classes.none}>No application</h3>
            <p className={classes.noneWords}>
              These VMs belong to no application; a failure of one hits nobody's service.
            </p>
          </>
        ) : (
          <ApplicationHead
            application={application}
            owner={owner}
            hue={hue}
            vms={vms}
            incidents={cloud.incidents.filter((it) => it.applicationId === application.id)}
            simulated={cloud.simulated}
            saved={vms.map((vm) => ({
              ...{ vm, application, status: saved.get(vm.id) },
              ...{ limits: cloud.checkpointLimits, toldEveryMs: cloud.checkpointsToldEveryMs },
            }))}
          />
        )}
      </div>
      {hosts.length === 0 ? (
        <div className={classes.cells}>{vms.map(card)}</div>
      ) : (
        hosts.map((host) => (
          <div key={host.id} className={classes.cell}>
            {vms.filter((it) => it.hostId === host.id).map(card)}
          </div>
        ))
      )}
    </section>
  );
}
