import { type ReactNode, useId } from "react";
import classes from "./panel.module.css";

export interface PanelProps {
  readonly title: string;
  /** Stands at the right of the title: a count, a link. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page with its name: a region that a screen reader can jump to. */
export function Panel({ title, aside, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id}>
      <div className={classes.head}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        {aside === undefined ? null : <div className={classes.aside}>{aside}</div>}
      </div>
      <div className={classes.body}>{children}</div>
    </section>
  );
}
