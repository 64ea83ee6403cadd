"use client";

import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { type LiveCloud, Refused } from "../../lib/client/index.ts";
import { PageHead } from "../ui/page-head.tsx";
import { Situation } from "../ui/situation.tsx";
import { useCloud } from "./cloud-context.tsx";

/** What a refusal means and what to do, in one line. */
export const refusalWords = (error: Error): string | undefined =>
  error instanceof Refused ? error.refusal.cure : undefined;

/** Draws `children` with the cloud, or says why it cannot. */
export function WithCloud({ title, children }: { readonly title: string; children: (cloud: LiveCloud) => ReactNode }) {
  const { data, error, refetch, isFetching } = useCloud();
  if (data !== undefined) return children(data);
  return (
    <>
      <PageHead title={title} />
      {error === null || isFetching ? (
        <Situation kind="loading" title="Asking the server what runs…" />
      ) : (
        <Situation
          kind="error"
          title={error.message}
          words={refusalWords(error)}
          action={
            <Button size="xs" variant="default" onClick={() => void refetch()}>
              Try again
            </Button>
          }
        />
      )}
    </>
  );
}
