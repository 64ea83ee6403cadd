"use client";

import type { ReactNode } from "react";
import type { LiveCloud } from "../../lib/client/index.ts";
import { useCloud } from "./cloud-context.tsx";
import { NotYet } from "./could-not.tsx";

/** Draws `children` with the cloud, or says why it cannot. */
export function WithCloud({ title, children }: { readonly title: string; children: (cloud: LiveCloud) => ReactNode }) {
  const { data, error, refetch, isFetching } = useCloud();
  if (data !== undefined) return children(data);
  return (
    <NotYet title={title} asking="Asking the server what runs…" error={isFetching ? null : error} retry={refetch} />
  );
}
