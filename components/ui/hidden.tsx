import type { ReactNode } from "react";
import classes from "./hidden.module.css";

/** Words for screen readers alone. */
export function Hidden({ id, children }: { readonly id?: string; readonly children: ReactNode }) {
  return (
    <span id={id} className={classes.hidden}>
      {children}
    </span>
  );
}
