import { closeCodes } from "../contract/index.ts";
import type { Log } from "../engine/ports.ts";
import type { Viewer } from "../model/index.ts";
import type { ViewerSocket } from "./viewer-socket.ts";

interface Watched {
  readonly socket: ViewerSocket;
  readonly credentials: Headers;
}

/** Sockets asked about at once. */
const width = 8;
/** Looks in a row that may fail, with the database away, before a socket is closed without knowing. */
const blindLooks = 6;

/** Keeps asking whether the viewers of the sockets are still who they were. */
export function stillThere(options: {
  viewerOf(headers: Headers): Promise<Viewer | undefined>;
  deadlineMs: number;
  log: Log;
}) {
  const { viewerOf, deadlineMs, log } = options;
  const blind = new WeakMap<Watched, number>();
  let looking: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  /** "unknown" where nobody could say in time. */
  async function identify(credentials: Headers): Promise<Viewer | undefined | "unknown"> {
    const late = Promise.withResolvers<"unknown">();
    const timer = setTimeout(() => late.resolve("unknown"), deadlineMs);
    try {
      return await Promise.race([viewerOf(credentials), late.promise]);
    } catch (error) {
      log.warn("a viewer could not be identified", { error });
      return "unknown";
    } finally {
      clearTimeout(timer);
    }
  }

  async function check(watched: Watched): Promise<void> {
    const { socket, credentials } = watched;
    const now = await identify(credentials);
    if (now === "unknown") {
      const looks = (blind.get(watched) ?? 0) + 1;
      blind.set(watched, looks);
      if (looks >= blindLooks) socket.close(closeCodes.tryLater, "the session could not be checked");
      return;
    }
    blind.delete(watched);
    const { organizationId, role, userId } = socket.viewer;
    const same = now?.userId === userId && now.organizationId === organizationId && now.role === role;
    if (!same) socket.close(closeCodes.signedOut, "signed out");
  }

  async function lookAtAll(all: Watched[]): Promise<void> {
    const rest = all.values();
    await Promise.all(
      Array.from({ length: width }, async () => {
        for (const watched of rest) await check(watched);
      }),
    );
  }

  const begin = (all: Iterable<Watched>): Promise<void> => {
    next = undefined;
    looking = lookAtAll([...all]).finally(() => {
      looking = undefined;
    });
    return looking;
  };

  return {
    identify,
    /** Resolves after a look that began after the call. At most one looks and one waits, however often it is called. */
    look(all: () => Iterable<Watched>): Promise<void> {
      if (looking === undefined) return begin(all());
      next ??= looking.then(() => begin(all()));
      return next;
    },
  };
}
