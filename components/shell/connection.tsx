"use client";

import { Button } from "@mantine/core";
import { LoaderCircle, Radio, Unplug } from "lucide-react";
import { clockWords } from "../../lib/client/index.ts";
import { useLive, useRetryNow } from "../cloud/cloud-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./connection.module.css";

/** Whether what the page shows is of now. */
export function ConnectionPill() {
  const live = useLive();
  return (
    <div role="status" aria-label="Connection to the server">
      {live.kind === "live" ? (
        <Badge tone="ok" icon={Radio} word="Live" title="Every change arrives as it happens." />
      ) : live.kind === "connecting" ? (
        <Badge tone="quiet" icon={LoaderCircle} turning word="Connecting" />
      ) : (
        <Badge tone="bad" icon={Unplug} word="Not live" title={live.words} />
      )}
    </div>
  );
}

/** Says that the connection is gone, since when, and when it is tried again. */
export function ConnectionLost() {
  const live = useLive();
  const retryNow = useRetryNow();
  if (live.kind !== "dropped") return null;
  return (
    <div role="alert" className={classes.lost}>
      <Unplug size={16} aria-hidden="true" />
      <p className={classes.words}>
        <strong>Connection lost.</strong> {live.words} What you see is from {clockWords(live.since)}; everything since
        then arrives by itself when the server is back.
      </p>
      <span className={classes.next}>
        <NextAttempt at={live.nextAttemptAt} />
        <Button size="compact-xs" variant="default" onClick={retryNow}>
          Try now
        </Button>
      </span>
    </div>
  );
}

function NextAttempt({ at }: { readonly at: number | null }) {
  const now = useNow(Date.now, 250);
  // Hidden from screen readers: an alert that changes every second would never stop speaking.
  return (
    <span aria-hidden="true">
      {at === null ? "Trying…" : `Next try in ${Math.max(0, Math.ceil((at - now) / 1000))} s`}
    </span>
  );
}
