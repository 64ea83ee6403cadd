"use client";

import { Button } from "@mantine/core";
import { PlainPage } from "./plain-page.tsx";

/** A fault of this page's own code. The cloud is not touched by it. */
export function SomethingBroke({ words, onRetry }: { readonly words: string; readonly onRetry: () => void }) {
  return (
    <PlainPage>
      <h1>This page broke</h1>
      <p>
        The fault is in the page, not in your cloud: Belay goes on watching. It said: <q>{words}</q>
      </p>
      <Button mt="md" onClick={onRetry}>
        Draw the page again
      </Button>
    </PlainPage>
  );
}
