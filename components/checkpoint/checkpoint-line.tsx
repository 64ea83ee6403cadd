import { Camera, CameraOff, History } from "lucide-react";
import Link from "next/link";
import { checkpointLine, serverNow } from "../../lib/client/index.ts";
import type { ApplicationView, CheckpointLimitsView, CheckpointStatusView, VmView } from "../../lib/contract/index.ts";
import { FactLine } from "../ui/fact-line.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./checkpoint-line.module.css";

const icons = { good: Camera, waiting: History, bad: CameraOff, off: CameraOff } as const;
const tones = { good: "good", waiting: "quiet", bad: "bad", off: "quiet" } as const;

export interface CheckpointLineProps {
  readonly vm: VmView;
  readonly application: ApplicationView | undefined;
  readonly status: CheckpointStatusView | undefined;
  readonly toldEveryMs: number;
  readonly limits: CheckpointLimitsView;
}

/** How its saved states stand now, with the way to them. Nothing where none are wanted and none were taken. */
export function CheckpointLine({ vm, application, status, toldEveryMs, limits }: CheckpointLineProps) {
  const now = useNow(serverNow, 1_000);
  const { kind, label, words } = checkpointLine({ vm, application, status, toldEveryMs, limits }, now);
  if (kind === "off" && words === "") return null;
  return (
    <FactLine icon={icons[kind]} tone={tones[kind]} label={label}>
      {words}{" "}
      <Link href={`/vms/${vm.id}/checkpoints`} aria-label={`Checkpoints of ${vm.name}`}>
        Checkpoints
      </Link>
      {status?.standby == null ? null : (
        <span className={classes.standby} data-ready={status.standby.ready}>
          {status.standby.ready ? "Standby ready. " : "Standby not ready: "}
          {status.standby.words}
        </span>
      )}
    </FactLine>
  );
}
