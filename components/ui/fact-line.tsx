import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import classes from "./fact-line.module.css";

export interface FactLineProps {
  readonly icon: LucideIcon;
  readonly tone: "good" | "bad" | "quiet";
  readonly label: string;
  readonly children: ReactNode;
}

/** One fact on a card: a mark, what it is about, and how it stands. */
export function FactLine({ icon: Icon, tone, label, children }: FactLineProps) {
  return (
    <p className={classes.line} data-tone={tone}>
      <Icon size={14} aria-hidden="true" />
      <span>
        <strong>{label}</strong> {children}
      </span>
    </p>
  );
}
