import { ArrowRight, CircleCheck, CircleX, Clock, Hand, type LucideIcon } from "lucide-react";
import { bytesWords, endMaintenance } from "../../lib/client/index.ts";
import type { CloudView, MaintenanceView, MoveView } from "../../lib/contract/index.ts";
import { maintenanceStates } from "../../lib/model/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Form } from "../ui/form.tsx";
import { Meter } from "../ui/meter.tsx";
import classes from "./host-page.module.css";

const looks: Record<MoveView["state"], { readonly icon: LucideIcon; readonly word: string; readonly tone: Tone }> = {
  waiting: { icon: Clock, word: "Waiting", tone: "quiet" },
  moving: { icon: ArrowRight, word: "Moving", tone: "busy" },
  moved: { icon: CircleCheck, word: "Moved", tone: "ok" },
  failed: { icon: CircleX, word: "Not moved", tone: "bad" },
  stays: { icon: Hand, word: "Stays", tone: "busy" },
};

/** Each VM on its way off the host, and the button that ends the maintenance. */
export function MaintenanceProgress({
  maintenance,
  cloud,
}: {
  readonly maintenance: MaintenanceView;
  readonly cloud: CloudView;
}) {
  const { busy, problem, ask } = useAsk();
  const moved = maintenance.moves.filter((it) => it.state === "moved").length;
  const leaving = maintenance.moves.filter((it) => it.state !== "stays").length;
  const underWay = maintenance.moves.some((it) => it.state === "moving" || it.state === "waiting");
  return (
    <div className={classes.padded}>
      <p role="status">{maintenance.words || maintenanceStates[maintenance.state].words}</p>
      {leaving === 0 ? null : (
        <Meter label="VMs moved" value={moved} max={leaving} words={`${moved} of ${leaving}`} progress />
      )}
      {maintenance.moves.length === 0 ? null : (
        <ul className={classes.rows} aria-label="VMs and their way off the host">
          {maintenance.moves.map((move) => (
            <Row key={move.vmId} move={move} cloud={cloud} />
          ))}
        </ul>
      )}
      <Form
        submit="End maintenance"
        busy={busy}
        problem={problem}
        onSubmit={() => void ask(() => endMaintenance(maintenance.hostId))}
      >
        <p className={classes.hint}>
          The host is used again, and its failures are repaired.{" "}
          {underWay ? "VMs that have not left yet stay on it." : "VMs that were moved stay where they are."}
        </p>
      </Form>
    </div>
  );
}

function Row({ move, cloud }: { readonly move: MoveView; readonly cloud: CloudView }) {
  const to = cloud.hosts.find((it) => it.id === move.toHostId)?.name;
  const bytes = move.bytesTotal === 0 ? "" : `, ${bytesWords(move.bytesDone)} of ${bytesWords(move.bytesTotal)}`;
  return (
    <li>
      <span>
        <strong>{move.name}</strong> {to === undefined ? null : <span className={classes.rowWords}>to {to}</span>}
      </span>
      <Badge {...looks[move.state]} />
      {move.state !== "moving" ? null : (
        <div className={classes.move}>
          <Meter
            label={`${move.name}: ${move.phase ?? "being moved"}`}
            value={move.percent}
            max={100}
            words={`${Math.floor(move.percent)} %${bytes}`}
            progress
          />
        </div>
      )}
      {move.words === null ? null : <p className={`${classes.rowWords} ${classes.move}`}>{move.words}</p>}
    </li>
  );
}
