import { CircleCheck, CircleX, Inbox, LoaderCircle, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import classes from "./situation.module.css";

const icons = {
  loading: LoaderCircle,
  empty: Inbox,
  good: CircleCheck,
  error: CircleX,
} as const satisfies Record<string, LucideIcon>;

export interface SituationProps {
  /** What stands where the content would: it is on its way, there is none, none is good news, or it could not be had. */
  readonly kind: keyof typeof icons;
  readonly title: string;
  /** What it means or what to do, in a sentence. */
  readonly words?: ReactNode;
  readonly action?: ReactNode;
}

/** The one way in which pages say that they have nothing else to show. */
export function Situation({ kind, title, words, action }: SituationProps) {
  const Icon = icons[kind];
  return (
    <div className={classes.situation} data-kind={kind} role={kind === "error" ? "alert" : "status"}>
      <Icon className={classes.icon} size={20} strokeWidth={1.8} aria-hidden="true" />
      <div className={classes.text}>
        <p className={classes.title}>{title}</p>
        {words === undefined ? null : <div className={classes.words}>{words}</div>}
        {action === undefined ? null : <div className={classes.action}>{action}</div>}
      </div>
    </div>
  );
}
