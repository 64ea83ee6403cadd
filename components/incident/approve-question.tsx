import { approveIncident } from "../../lib/client/index.ts";
import type { HostView, IncidentView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import classes from "./host-questions.module.css";

/** So much failed at once that Belay held back: a person says whether it may go on. */
export function ApproveQuestion({ incident, host }: { readonly incident: IncidentView; readonly host: HostView }) {
  const { busy, problem, ask } = useAsk();
  return (
    <Panel title={`Belay asks: may it repair ${host.name}?`}>
      <div className={classes.question}>
        <p>{incident.words}</p>
        <p>
          First look whether a switch, a cable or a power feed failed that many hosts share: mending that brings all of
          them back as they were.
        </p>
        <p>
          If you approve, {host.name} is switched off or otherwise proven off, and its VMs are started on other hosts.
          If you do not, nothing is done, and its VMs come back with the host.
        </p>
        <Form
          submit={`Approve the repair of ${host.name}`}
          busy={busy}
          problem={problem}
          onSubmit={() => void ask(() => approveIncident(incident.id))}
        >
          {null}
        </Form>
      </div>
    </Panel>
  );
}
