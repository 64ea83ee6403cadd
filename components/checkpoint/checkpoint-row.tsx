import { Button, Table } from "@mantine/core";
import { CircleAlert, CircleCheck, CircleDashed, Copy, History, Pin, PinOff } from "lucide-react";
import { agoWords, bytesWords, dateWords, methodWords, spanWords, verifiedWords } from "../../lib/client/index.ts";
import type { CheckpointView } from "../../lib/contract/index.ts";
import { checkpointStates } from "../../lib/model/index.ts";
import { Badge } from "../ui/badge.tsx";
import classes from "./checkpoint-table.module.css";

export interface CheckpointRowProps {
  readonly checkpoint: CheckpointView;
  readonly now: number;
  readonly busy: boolean;
  readonly onRestore: () => void;
  readonly onBeside: () => void;
  readonly onKeep: () => void;
}

/** One saved state: when, how much, how, whether it was read since, and what can be done with it. */
export function CheckpointRow({ checkpoint, now, busy, onRestore, onBeside, onKeep }: CheckpointRowProps) {
  const { at, kept } = checkpoint;
  const KeepIcon = kept ? PinOff : Pin;
  const keep = kept ? "Let go" : "Keep";
  const small = { size: "compact-xs", variant: "default" } as const;
  return (
    <Table.Tr>
      <Table.Td>
        <span className={classes.at}>{dateWords(at)}</span>
        <p className={classes.small}>
          {agoWords(now - at)} ago{kept ? " · kept until a person lets it go" : ""}
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
          stood still {spanWords(checkpoint.pauseMs)} · whole after {spanWords(checkpoint.tookMs)}
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
                {...small}
                leftSection={<History size={12} aria-hidden="true" />}
                aria-label={`Restore the checkpoint of ${dateWords(at)}`}
                onClick={onRestore}
              >
                Restore
              </Button>
              <Button
                {...small}
                leftSection={<Copy size={12} aria-hidden="true" />}
                aria-label={`Restore the checkpoint of ${dateWords(at)} beside`}
                onClick={onBeside}
              >
                Beside
              </Button>
            </>
          ) : null}
          <Button
            {...small}
            leftSection={<KeepIcon size={12} aria-hidden="true" />}
            disabled={busy}
            aria-label={`${keep} the checkpoint of ${dateWords(at)}`}
            onClick={onKeep}
          >
            {keep}
          </Button>
        </div>
      </Table.Td>
    </Table.Tr>
  );
}

function Verified({ checkpoint, now }: Pick<CheckpointRowProps, "checkpoint" | "now">) {
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
