import type { ReactNode } from "react";
import { Logo } from "./logo.tsx";
import classes from "./plain-page.module.css";
import { SimulatedBanner } from "./simulated.tsx";

/** A page without a cloud around it: signing in, a wrong address, a fault of ours. */
export function PlainPage({
  simulated = false,
  children,
}: {
  readonly simulated?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <>
      {simulated ? <SimulatedBanner /> : null}
      <main className={classes.page}>
        <div className={classes.card}>
          <div className={classes.brand}>
            <Logo size={32} />
            <span>Belay</span>
          </div>
          {children}
        </div>
      </main>
    </>
  );
}
