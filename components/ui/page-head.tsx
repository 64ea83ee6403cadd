import type { ReactNode } from "react";
import classes from "./page-head.module.css";

/** The page's only h1, with the page in one line beside it. */
export function PageHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={classes.head}>
      <h1>{title}</h1>
      <div className={classes.summary}>{children}</div>
    </div>
  );
}
