import { FlaskConical } from "lucide-react";
import classes from "./simulated.module.css";

/** Stands on every page of a simulated cloud. */
export function SimulatedBanner() {
  return (
    <aside className={classes.banner} aria-label="Simulated cloud">
      <FlaskConical size={15} aria-hidden="true" />
      <p>
        <strong>SIMULATED</strong> – this cloud exists only in memory
        <span className={classes.more}>: no machine is touched, and no number here was measured on one</span>.
      </p>
    </aside>
  );
}

/** The word beside a number of a simulated cloud. */
export function SimulatedMark({ simulated }: { readonly simulated: boolean }) {
  return simulated ? <span className={classes.mark}>SIMULATED</span> : null;
}
