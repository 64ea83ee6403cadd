import { Table } from "@mantine/core";
import { useState } from "react";
import { keepCheckpoint, serverNow } from "../../lib/client/index.ts";
import type { CheckpointView, VmView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { useNow } from "../ui/use-now.ts";
import { CheckpointRow } from "./checkpoint-row.tsx";
import classes from "./checkpoint-table.module.css";
import { RestoreBesideDialog } from "./restore-beside-dialog.tsx";
import { RestoreDialog } from "./restore-dialog.tsx";
import { useHold } from "./use-hold.ts";

export interface CheckpointTableProps {
  readonly vm: VmView;
  /** Newest first. */
  readonly checkpoints: readonly CheckpointView[];
  readonly onChanged: () => void;
}

interface Asked {
  readonly what: "restore" | "beside";
  readonly checkpoint: CheckpointView;
  readonly letGo: () => void;
}

/** Each saved state on one line, with what can be done with it. */
export function CheckpointTable({ vm, checkpoints, onChanged }: CheckpointTableProps) {
  const now = useNow(serverNow, 5_000);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const { busy, problem, ask } = useAsk();
  const { hold, passOn } = useHold();
  const begin = (what: Asked["what"], checkpoint: CheckpointView) =>
    setAsked({ what, checkpoint, letGo: hold(checkpoint) });
  const close = () => {
    asked?.letGo();
    setAsked(undefined);
  };
  /** The server has it: the dialog goes, and the checkpoint is let go once that is done. */
  const accept = () => {
    const { letGo = () => {} } = asked ?? {};
    passOn();
    setAsked(undefined);
    return () => {
      letGo();
      onChanged();
    };
  };
  const keep = async (checkpoint: CheckpointView) => {
    if ((await ask(() => keepCheckpoint(checkpoint.id, !checkpoint.kept))) !== undefined) onChanged();
  };
  return (
    <>
      {problem === undefined ? null : (
        <p className={classes.problem} role="alert">
          {problem.message} {problem.cure}
        </p>
      )}
      <Table
        verticalSpacing={8}
        horizontalSpacing="md"
        className={classes.table}
        aria-label={`Checkpoints of ${vm.name}`}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Taken</Table.Th>
            <Table.Th>Size</Table.Th>
            <Table.Th>Method and pause</Table.Th>
            <Table.Th>Verified</Table.Th>
            <Table.Th aria-label="Buttons" />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {checkpoints.map((checkpoint) => (
            <CheckpointRow
              key={checkpoint.id}
              checkpoint={checkpoint}
              now={now}
              busy={busy}
              onRestore={() => begin("restore", checkpoint)}
              onBeside={() => begin("beside", checkpoint)}
              onKeep={() => void keep(checkpoint)}
            />
          ))}
        </Table.Tbody>
      </Table>
      <RestoreDialog
        vm={vm}
        checkpoint={asked?.what === "restore" ? asked.checkpoint : undefined}
        onClose={close}
        onAccepted={accept}
      />
      <RestoreBesideDialog
        vm={vm}
        checkpoint={asked?.what === "beside" ? asked.checkpoint : undefined}
        onClose={close}
        onAccepted={accept}
      />
    </>
  );
}
