import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import classes from "./one-thing.module.css";
import { PageHead } from "./page-head.tsx";

export interface OneThingHeadProps {
  readonly title: string;
  /** Where the list is that this is one of. */
  readonly back: { readonly href: string; readonly words: string };
  /** The plainest true sentence about it. */
  readonly words: string;
  /** Badges beside the title. */
  readonly children?: ReactNode;
}

/** The head of a page about one thing: the way back, its name, and how it is. */
export const OneThingHead = ({ title, back, words, children }: OneThingHeadProps) => (
  <div>
    <Link href={back.href} className={classes.back}>
      <ArrowLeft size={14} aria-hidden="true" /> {back.words}
    </Link>
    <PageHead title={title}>{children}</PageHead>
    <p className={classes.words}>{words}</p>
  </div>
);

/** What is done at the left, what is known at the right; one below the other where the page is narrow. */
export const TwoColumns = ({ left, right }: { readonly left: ReactNode; readonly right: ReactNode }) => (
  <div className={classes.columns}>
    <div className={classes.column}>{left}</div>
    <div className={classes.column}>{right}</div>
  </div>
);
