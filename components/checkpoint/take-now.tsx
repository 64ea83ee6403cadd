import { Button, Tooltip } from "@mantine/core";
import { Camera } from "lucide-react";
import { useId } from "react";
import { freshKey, takeCheckpoint } from "../../lib/client/index.ts";
import type { VmView } from "../../lib/contract/index.ts";
import { can } from "../../lib/model/index.ts";
import { useCloud } from "../cloud/cloud-context.tsx";
import { tellOutcome } from "../cloud/tell-outcome.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Hidden } from "../ui/hidden.tsx";
import classes from "./checkpoint-table.module.css";

/** A first one holds everything, and others may stand before it in the queue. */
const givesUpAfterMs = 180_000;

/** Takes a checkpoint now. It is kept until a person lets it go. */
export function TakeNow({ vm, onDone }: { readonly vm: VmView; readonly onDone: () => void }) {
  const { busy, problem, ask } = useAsk();
  const reasonId = useId();
  const viewer = useCloud().data?.viewer;
  const allowed = viewer === undefined || can.takeCheckpoint(viewer, vm);
  const why = allowed === true ? undefined : allowed;
  const take = async () => {
    const intent = await ask(() => takeCheckpoint(vm.id, freshKey()));
    if (intent === undefined) return;
    const title = `Checkpoint of ${vm.name}`;
    await tellOutcome({ title, accepted: "Accepted: it is being taken.", intent, givesUpAfterMs });
    onDone();
  };
  const button = (
    <Button
      size="compact-sm"
      leftSection={<Camera size={14} aria-hidden="true" />}
      loading={busy}
      aria-disabled={why !== undefined}
      aria-describedby={why === undefined ? undefined : reasonId}
      data-disabled={why !== undefined || undefined}
      onClick={(event) => (why === undefined ? void take() : event.preventDefault())}
    >
      Take one now
    </Button>
  );
  return (
    <>
      {problem === undefined ? null : (
        <span className={classes.problem} role="alert">
          {problem.message} {problem.cure}
        </span>
      )}
      {why === undefined ? (
        button
      ) : (
        <Tooltip label={why} events={{ hover: true, focus: true, touch: true }}>
          {button}
        </Tooltip>
      )}
      {why === undefined ? null : <Hidden id={reasonId}>{why}</Hidden>}
    </>
  );
}
