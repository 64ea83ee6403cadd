import type { LiveCloud } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";
import { can } from "../../lib/model/index.ts";
import { ApproveQuestion } from "./approve-question.tsx";
import { OffQuestion } from "./off-question.tsx";

/** What Belay asks a person about a host that failed; nothing where nothing is asked. */
export function HostQuestions({ cloud, incident }: { readonly cloud: LiveCloud; readonly incident: IncidentView }) {
  const host = cloud.hosts.find((it) => it.id === incident.hostId);
  if (incident.vmId !== null || host === undefined || incident.endedAt !== null) return null;
  if (can.approve(cloud.viewer, incident) === true) return <ApproveQuestion incident={incident} host={host} />;
  if (can.sayOff(cloud.viewer, incident, host) === true) return <OffQuestion incident={incident} host={host} />;
  return null;
}
