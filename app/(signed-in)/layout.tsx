import type { ReactNode } from "react";
import { Shell } from "../../components/shell/shell.tsx";
import { viewer } from "../who.ts";

/** Everything that needs a person: one shell, one connection, whatever page is open. */
export default async function SignedInLayout({ children }: { children: ReactNode }) {
  const { name, role } = await viewer();
  return (
    <Shell person={name} role={role}>
      {children}
    </Shell>
  );
}
