import { serverNow, stopwatchWords } from "../../lib/client/index.ts";
import { useNow } from "../ui/use-now.ts";
import classes from "./stopwatch.module.css";

/** Runs from `since`. */
export function Stopwatch({ since, label }: { readonly since: number; readonly label: string }) {
  const now = useNow(serverNow, 100);
  return (
    <span className={classes.stopwatch} role="timer" aria-label={label}>
      {stopwatchWords(now - since)}
    </span>
  );
}
