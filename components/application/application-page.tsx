"use client";

import { goesBack, type LiveCloud, protectionOf, serverNow, togetherOf, uncapital } from "../../lib/client/index.ts";
import type { ApplicationView, VmView } from "../../lib/contract/index.ts";
import { type ApplicationId, fallbacks, intervalWords, protectionModes } from "../../lib/model/index.ts";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { OpenIncidents } from "../incident/open-incidents.tsx";
import { SimulatedMark } from "../shell/simulated.tsx";
import { OneThingHead, TwoColumns } from "../ui/one-thing.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import { ProtectionLine } from "../vm/protection-line.tsx";
import { VmStateBadge } from "../vm/vm-state.tsx";
import classes from "./application-page.module.css";
import { ApplicationSettings } from "./application-settings.tsx";
import { hueOf } from "./hue.ts";
import { Sensors } from "./sensors.tsx";
import { Throughput } from "./throughput.tsx";

/** One application: who repairs it and how, whether that is in place, and what its sensors say. */
export function ApplicationPage({ id }: { readonly id: ApplicationId }) {
  return (
    <WithCloud title="Application">
      {(cloud) => {
        const application = cloud.applications.find((it) => it.id === id);
        if (application !== undefined) return <One cloud={cloud} application={application} />;
        return (
          <Situation kind="empty" title="There is no such application." words="It was removed, or is not yours." />
        );
      }}
    </WithCloud>
  );
}

interface OneProps {
  readonly cloud: LiveCloud;
  readonly application: ApplicationView;
}

function One({ cloud, application }: OneProps) {
  const vms = cloud.vms.filter((it) => it.applicationId === application.id);
  const incidents = cloud.incidents.filter((it) => it.applicationId === application.id);
  return (
    <>
      <OneThingHead
        title={application.name}
        back={{ href: "/", words: "All applications" }}
        words={protectionModes[application.mode]}
      >
        <ApplicationSettings application={application} />
        <SimulatedMark simulated={cloud.simulated} />
      </OneThingHead>
      <OpenIncidents cloud={{ ...cloud, incidents }} />
      <Panel title="Requests">
        <div className={classes.body}>
          <Throughput
            application={application}
            hue={hueOf(cloud.applications, application.id)}
            incidents={incidents}
            simulated={cloud.simulated}
          />
        </div>
      </Panel>
      <TwoColumns
        left={<Vms cloud={cloud} application={application} vms={vms} />}
        right={
          <>
            {application.mode === "collaborative" ? <Agreed application={application} /> : null}
            <Sensors
              report={cloud.sensorReports.find((it) => it.applicationId === application.id)}
              vms={vms}
              manager={cloud.managers.find((it) => it.organizationId === application.organizationId)}
            />
          </>
        }
      />
    </>
  );
}

function Agreed({ application }: Pick<OneProps, "application">) {
  const { answerWithinMs, finishWithinMs, fallback } = application.agreement;
  return (
    <Panel title="What was agreed">
      <div className={classes.body}>
        <p>The provider waits {intervalWords(answerWithinMs)} for the manager's answer to a proposed repair.</p>
        <p>The manager has {intervalWords(finishWithinMs)} to finish once the VM is back.</p>
        <p>If it is silent, or fails: {uncapital(fallbacks[fallback])}</p>
      </div>
    </Panel>
  );
}

function Vms({ cloud, application, vms }: OneProps & { readonly vms: readonly VmView[] }) {
  const now = useNow(serverNow, 5_000);
  const statuses = new Map(cloud.checkpointStatuses.map((it) => [it.vmId, it]));
  const misfits = new Map(cloud.tolerance.flatMap(({ misfits: of }) => of.map((it) => [it.vmId, it.words] as const)));
  return (
    <Panel title="VMs" aside={String(vms.length)}>
      {vms.length === 0 ? (
        <Situation kind="empty" title="None." />
      ) : (
        <ul className={classes.vms} aria-label={`VMs of ${application.name}`}>
          {vms.map((vm) => (
            <li key={vm.id}>
              <p className={classes.vm}>
                <strong>{vm.name}</strong> <VmStateBadge vm={vm} />
                {vm.address === null ? null : <span className={classes.address}>{vm.address}</span>}
              </p>
              <ProtectionLine
                protection={protectionOf(
                  {
                    vm,
                    application,
                    host: cloud.hosts.find((it) => it.id === vm.hostId),
                    incidents: cloud.incidents.filter((it) => it.vmId === vm.id),
                    misfit: misfits.get(vm.id),
                    together: togetherOf(cloud, vm),
                    goesBack: goesBack({ vm, application, status: statuses.get(vm.id) }),
                  },
                  now,
                )}
              />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
