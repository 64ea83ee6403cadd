import Link from "next/link";
import type { CloudView } from "../../lib/contract/index.ts";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Warning } from "../ui/warning.tsx";

const shown = 5;

/** Said before a host dies: whose VMs would not all come back. */
export function ToleranceWarning({ cloud }: { readonly cloud: CloudView }) {
  const { tolerance } = cloud;
  if (tolerance.length === 0) return null;
  const title =
    tolerance.length === 1
      ? "If one host died now, not all of its VMs would fit elsewhere."
      : `If one of ${tolerance.length} hosts died now, not all of its VMs would fit elsewhere.`;
  return (
    <Warning title={title}>
      <ul>
        {tolerance.slice(0, shown).map(({ hostId, misfits }) => (
          <li key={hostId}>
            <Link href={`/hosts/${hostId}`}>{cloud.hosts.find((it) => it.id === hostId)?.name ?? "a host"}</Link>:{" "}
            {misfits.map(({ vmId }) => cloud.vms.find((it) => it.id === vmId)?.name ?? "a VM").join(", ")}
          </li>
        ))}
        {tolerance.length > shown ? <li>and {tolerance.length - shown} more hosts</li> : null}
      </ul>
      <SimulatedMark simulated={cloud.simulated} />
    </Warning>
  );
}
