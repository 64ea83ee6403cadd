import { exactClockWords } from "../../lib/client/index.ts";
import type { EvidenceView } from "../../lib/contract/index.ts";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./evidence-list.module.css";

const sources: Record<EvidenceView["source"], string> = {
  event: "hypervisor's event",
  scan: "scan",
  connection: "connection",
  probe: "probe of the guest",
  operator: "a person",
  peer: "another host",
  helper: "the host's helper",
  fence: "power switch",
  vitals: "what the VM itself does",
  customer: "its owner's sensors",
};

/** What the diagnosis rests on, in the order in which it was seen. */
export function EvidenceList({ evidence }: { readonly evidence: readonly EvidenceView[] }) {
  const ordered = [...evidence].sort((a, b) => a.at - b.at);
  return (
    <Panel title="Evidence">
      {ordered.length === 0 ? (
        <Situation
          kind="empty"
          title="Kept by the provider."
          words="What was seen of this failure is about the provider's own machines."
        />
      ) : (
        <ol className={classes.list}>
          {ordered.map((item) => (
            <li key={`${item.at} ${item.source} ${item.words}`}>
              <p>{item.words}</p>
              <p className={classes.source}>
                <time dateTime={new Date(item.at).toISOString()}>{exactClockWords(item.at)}</time> ·{" "}
                {sources[item.source]}
              </p>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
