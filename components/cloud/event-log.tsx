import { Button } from "@mantine/core";
import { useState } from "react";
import { clockWords } from "../../lib/client/index.ts";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useEventLog } from "./cloud-context.tsx";
import classes from "./event-log.module.css";

const fewLines = 14;

/** Every change as it was committed, newest first, in sentences. */
export function EventLog() {
  const lines = useEventLog();
  const [all, setAll] = useState(false);
  const hidden = lines.length - fewLines;
  return (
    <Panel title="Event log" aside={lines.length === 0 ? undefined : "newest first"}>
      {lines.length === 0 ? (
        <Situation kind="empty" title="No event yet." words="Changes appear here as they happen." />
      ) : (
        <div role="log" aria-label="Events">
          <ol>
            {(all ? lines : lines.slice(0, fewLines)).map((line) => (
              <li key={line.seq} className={classes.line}>
                <time className={classes.at} dateTime={new Date(line.at).toISOString()}>
                  {clockWords(line.at)}
                </time>
                <span className={classes.seq}>#{line.seq}</span>
                <span>{line.words}</span>
              </li>
            ))}
          </ol>
        </div>
      )}
      {hidden <= 0 ? null : (
        <Button variant="subtle" size="compact-sm" className={classes.more} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show ${hidden} more`}
        </Button>
      )}
    </Panel>
  );
}
