"use client";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { cssVariables, theme } from "./theme.ts";

/**
 * Nothing is fetched behind a person's back: the socket says when something changed. What is in the cache stays while the page is open,
 * and keeps its identity where it did not change (the reducer sees to it), so no deep comparison is needed.
 */
const newCache = () =>
  new QueryClient({
    defaultOptions: {
      queries: {
        retry: false,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        structuralSharing: false,
        gcTime: Number.POSITIVE_INFINITY,
      },
    },
  });

export function Providers({ children }: { children: ReactNode }) {
  const [cache] = useState(newCache);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={cache}>{children}</QueryClientProvider>
      <Notifications position="bottom-right" limit={4} />
    </MantineProvider>
  );
}
