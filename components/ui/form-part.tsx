import type { ReactNode } from "react";
import classes from "./form-part.module.css";

/** Inputs of a form that belong together, in a frame with their name. */
export function FormPart({ legend, children }: { readonly legend: string; readonly children: ReactNode }) {
  return (
    <fieldset className={classes.part}>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}
