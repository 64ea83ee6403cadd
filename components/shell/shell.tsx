"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { CloudFeed, useLive } from "../cloud/cloud-context.tsx";
import { Dialogs } from "../ui/dialogs.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionLost, ConnectionPill } from "./connection.tsx";
import { Logo } from "./logo.tsx";
import classes from "./shell.module.css";

export interface ShellProps {
  readonly person: string;
  readonly role: "provider" | "customer";
  readonly children: ReactNode;
}

interface Place {
  readonly href: string;
  readonly words: string;
  readonly is: (path: string) => boolean;
  readonly only?: ShellProps["role"];
}

const places: readonly Place[] = [
  {
    href: "/",
    words: "Cloud",
    is: (path) => path === "/" || ["/hosts", "/applications", "/vms"].some((it) => path.startsWith(it)),
  },
  { href: "/incidents", words: "Incidents", is: (path) => path.startsWith("/incidents") },
  { href: "/settings", words: "Settings", is: (path) => path.startsWith("/settings"), only: "provider" },
  { href: "/access", words: "Manager", is: (path) => path.startsWith("/access"), only: "customer" },
];

/** What stands around every page of a signed-in person. */
export function Shell({ person, role, children }: ShellProps) {
  const path = usePathname();
  return (
    <CloudFeed>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.header}>
        <Link href="/" className={classes.home} aria-label="Belay, to the cloud">
          <Logo />
          <span className={classes.name}>Belay</span>
        </Link>
        <nav className={classes.nav} aria-label="Pages">
          {places
            .filter((place) => place.only === undefined || place.only === role)
            .map((place) => (
              <Link key={place.href} href={place.href} aria-current={place.is(path) ? "page" : undefined}>
                {place.words}
              </Link>
            ))}
        </nav>
        <div className={classes.end}>
          <ConnectionPill />
          <AccountMenu person={person} role={role} />
        </div>
      </header>
      <ConnectionLost />
      <Dialogs>
        <Content>{children}</Content>
      </Dialogs>
    </CloudFeed>
  );
}

/** While the connection is gone the content is drawn paler: it is from before. */
function Content({ children }: { readonly children: ReactNode }) {
  const live = useLive();
  return (
    <main id="content" className={classes.content} data-stale={live.kind === "dropped"} tabIndex={-1}>
      {children}
    </main>
  );
}
