import { Button, Table } from "@mantine/core";
import { CircleAlert, CircleCheck, CircleDashed, Copy, History, Pin, PinOff } from "lucide-react";
import { useState } from "react";
import {
  agoWords,
  bytesWords,
  dateWords,
  keepCheckpoint,
  methodWords,
  serverNow,
  spanWords,
  verifiedWords,
} from "../../lib/client/index.ts";
import type { CheckpointView, VmView } from "../../lib/contract/index.ts";
import { checkpointStates } from "../../lib/model/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Badge } from "../ui/badge.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./checkpoint-table.module.css";
import { RestoreBesideDialog } from "./restore-beside-dialog.tsx";
import { RestoreDialog } from "./restore-dialog.tsx";

export interface CheckpointTableProps {
  readonly vm: VmView;
  /** Newest first. */
  readonly checkpoints: readonly CheckpointView[];
  readonly onChanged: () => void;
}

type Asked = { readonly what: "restore" | "beside"; readonly checkpoint: CheckpointView };

/** Each saved state on one line, with what can be done with it. */
export function CheckpointTable({ vm, checkpoints, onChanged }: CheckpointTableProps) {
  const now = useNow(serverNow, 5_000);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const { busy, problem, ask } = useAsk();
  const close = () => setAsked(undefined);
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
            <Table.Tr key={checkpoint.id} data-state={checkpoint.state}>
              <Table.Td>
                <span className={classes.at}>{dateWords(checkpoint.at)}</span>
                <p className={classes.small}>
                  {agoWords(now - checkpoint.at)} ago
                  {checkpoint.kept ? " · kept until a person lets it go" : ""}
                </p>
              </Table.Td>
              <Table.Td>
                {bytesWords(checkpoint.wholeBytes)} whole
                <p className={classes.small}>
                  {bytesWords(checkpoint.changedBytes)} changed · {bytesWords(checkpoint.storedBytes)} stored
                </p>
              </Table.Td>
              <Table.Td title={checkpoint.words}>
                {methodWords(checkpoint.method)}
                <p className={classes.small}>
                  stood {spanWords(checkpoint.pauseMs)} · whole after {spanWords(checkpoint.tookMs)}
                </p>
              </Table.Td>
              <Table.Td>
                <Verified checkpoint={checkpoint} now={now} />
              </Table.Td>
              <Table.Td>
                <div className={classes.buttons}>
                  {checkpointStates[checkpoint.state].restorable ? (
                    <>
                      <Button
                        size="compact-xs"
                        variant="default"
                        leftSection={<History size={12} aria-hidden="true" />}
                        aria-label={`Restore the checkpoint of ${dateWords(checkpoint.at)}`}
                        onClick={() => setAsked({ what: "restore", checkpoint })}
                      >
                        Restore
                      </Button>
                      <Button
                        size="compact-xs"
                        variant="default"
                        leftSection={<Copy size={12} aria-hidden="true" />}
                        aria-label={`Restore the checkpoint of ${dateWords(checkpoint.at)} beside`}
                        onClick={() => setAsked({ what: "beside", checkpoint })}
                      >
                        Beside
                      </Button>
                    </>
                  ) : null}
                  <Button
                    size="compact-xs"
                    variant="default"
                    leftSection={
                      checkpoint.kept ? <PinOff size={12} aria-hidden="true" /> : <Pin size={12} aria-hidden="true" />
                    }
                    disabled={busy}
                    aria-label={`${checkpoint.kept ? "Let go" : "Keep"} the checkpoint of ${dateWords(checkpoint.at)}`}
                    onClick={() => void keep(checkpoint)}
                  >
                    {checkpoint.kept ? "Let go" : "Keep"}
                  </Button>
                </div>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <RestoreDialog
        vm={vm}
        checkpoint={asked?.what === "restore" ? asked.checkpoint : undefined}
        onClose={close}
        onDone={onChanged}
      />
      <RestoreBesideDialog
        vm={vm}
        checkpoint={asked?.what === "beside" ? asked.checkpoint : undefined}
        onClose={close}
      />
    </>
  );
}

function Verified({ checkpoint, now }: { readonly checkpoint: CheckpointView; readonly now: number }) {
  const word = verifiedWords(checkpoint, now);
  if (checkpoint.state === "damaged")
    return (
      <>
        <Badge tone="bad" icon={CircleAlert} word={word} />
        <p className={classes.small}>{checkpointStates.damaged.words}</p>
      </>
    );
  return checkpoint.verifiedAt === null ? (
    <Badge tone="quiet" icon={CircleDashed} word={word} title="Not read and compared since it was written." />
  ) : (
    <Badge tone="ok" icon={CircleCheck} word={word} title="Every byte was read and compared with its checksum." />
  );
}
