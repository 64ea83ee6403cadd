import type { LucideIcon } from "lucide-react";
import classes from "./badge.module.css";

/** `quiet` is neither good nor bad; `busy` is under way or wants a look. */
export type Tone = "ok" | "bad" | "busy" | "quiet";

export interface BadgeProps {
  readonly tone: Tone;
  readonly icon: LucideIcon;
  readonly word: string;
  /** Turns the icon, for what is under way. */
  readonly turning?: boolean;
  readonly title?: string;
}

/** A state as icon and word: the colour only repeats them. */
export function Badge({ tone, icon: Icon, word, turning = false, title }: BadgeProps) {
  return (
    <span className={classes.badge} data-tone={tone} title={title}>
      <Icon className={turning ? classes.turning : undefined} size={13} strokeWidth={2.4} aria-hidden="true" />
      {word}
    </span>
  );
}
