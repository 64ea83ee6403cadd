import type { ReactNode } from "react";
import { Logo } from "./logo.tsx";
import classes from "./plain-page.module.css";

/** A page without a cloud around it: signing in, a wrong address, a fault of ours. */
export function PlainPage({ children }: { readonly children: ReactNode }) {
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Logo size={32} />
          <span>Belay</span>
        </div>
        {children}
      </div>
    </main>
  );
}
