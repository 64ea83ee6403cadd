import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import {
  cloudQuery,
  type Feed,
  keys,
  type LiveState,
  type LogLine,
  openBrowserSocket,
  startFeed,
} from "../../lib/client/index.ts";

const Retry = createContext<() => void>(() => {});

/** A page that nobody is signed in on any more keeps nothing of what it showed. */
const leave = () => window.location.assign("/sign-in");

/** Keeps the cloud in the cache true while it is mounted. */
export function CloudFeed({ children }: { readonly children: ReactNode }) {
  const cache = useQueryClient();
  const feed = useRef<Feed | undefined>(undefined);
  useEffect(() => {
    const mine = startFeed({ cache, open: openBrowserSocket, onSignedOut: leave });
    feed.current = mine;
    const retry = () => mine.retryNow();
    window.addEventListener("online", retry);
    return () => {
      window.removeEventListener("online", retry);
      mine.stop();
    };
  }, [cache]);
  useQuery(cloudQuery);
  return <Retry value={() => feed.current?.retryNow()}>{children}</Retry>;
}

/** Connects at once instead of when the pause is over. */
export const useRetryNow = (): (() => void) => useContext(Retry);

/** The cloud as the viewer may see it, with react-query's word on how the first fetch of it goes. */
export const useCloud = () => useQuery(cloudQuery);

const beforeTheFirst: LiveState = { kind: "connecting", since: 0 };

export const useLive = (): LiveState =>
  useQuery<LiveState>({ queryKey: keys.live, queryFn: skipToken }).data ?? beforeTheFirst;

const noLines: readonly LogLine[] = [];
export const useEventLog = (): readonly LogLine[] =>
  useQuery<readonly LogLine[]>({ queryKey: keys.log, queryFn: skipToken }).data ?? noLines;
