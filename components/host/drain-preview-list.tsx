import { ArrowRight, Hand } from "lucide-react";
import type { CloudView, DrainPreview } from "../../lib/contract/index.ts";
import { Badge } from "../ui/badge.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./host-page.module.css";

/** Which VM would go where, and which would stay and why. */
export function DrainPreviewList({ preview, cloud }: { readonly preview: DrainPreview; readonly cloud: CloudView }) {
  const { moves, stays } = preview;
  if (moves.length + stays.length === 0)
    return <Situation kind="good" title="The host is empty: nothing would move." />;
  const nameOf = (id: string) => cloud.hosts.find((it) => it.id === id)?.name ?? "a host that is gone";
  return (
    <ul className={classes.rows} aria-label="What would happen">
      {moves.map((move) => (
        <li key={move.vmId}>
          <span>
            <strong>{move.name}</strong> <span className={classes.rowWords}>{move.memoryMiB} MiB</span>
          </span>
          <Badge tone="ok" icon={ArrowRight} word={`to ${nameOf(move.toHostId)}`} />
        </li>
      ))}
      {stays.map((stay) => (
        <li key={stay.vmId}>
          <strong>{stay.name}</strong>
          <Badge tone="busy" icon={Hand} word="stays" />
          <p className={`${classes.rowWords} ${classes.move}`}>{stay.words}</p>
        </li>
      ))}
    </ul>
  );
}
