import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import classes from "./warning.module.css";

/** Something that will hurt later, said before it does. */
export function Warning({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={classes.warning} role="note" aria-label={title}>
      <TriangleAlert className={classes.icon} size={18} aria-hidden="true" />
      <div className={classes.text}>
        <p className={classes.title}>{title}</p>
        {children}
      </div>
    </div>
  );
}
