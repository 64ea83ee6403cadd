import { managerCloseCodes } from "../contract/index.ts";
import type { Log } from "../engine/ports.ts";
import type { Viewer } from "../model/index.ts";
import type { ManagerSession } from "./session.ts";
import { severalAtOnce } from "./several-at-once.ts";

export type Identity =
  | { readonly kind: "known"; readonly viewer: Viewer }
  | { readonly kind: "refused"; readonly words: string }
  /** Nobody could say in time. */
  | { readonly kind: "unknown" };

interface Checked {
  readonly session: ManagerSession;
  readonly credentials: Headers;
}

/** Keys asked about at once. */
const width = 8;

/** Only a key with the scope takes part: a person's session and the operator's token are no manager. */
function identityOf(viewer: Viewer | undefined): Identity {
  if (viewer?.key === undefined) return { kind: "refused", words: "a key of the organization is needed" };
  if (!viewer.key.scopes.includes("collaborate"))
    return { kind: "refused", words: "the key lacks the scope collaborate" };
  return { kind: "known", viewer };
}

/** Whose keys the sockets have, and whether they still hold. */
export function keyCheck(options: {
  viewerOf(headers: Headers): Promise<Viewer | undefined>;
  readonly deadlineMs: number;
  readonly log: Log;
}) {
  const { viewerOf, deadlineMs, log } = options;
  let looking: Promise<void> | undefined;

  async function identify(credentials: Headers): Promise<Identity> {
    const late = Promise.withResolvers<Identity>();
    const timer = setTimeout(() => late.resolve({ kind: "unknown" }), deadlineMs);
    try {
      return await Promise.race([viewerOf(credentials).then(identityOf), late.promise]);
    } catch (error) {
      log.warn("a manager's key could not be checked", { error });
      return { kind: "unknown" };
    } finally {
      clearTimeout(timer);
    }
  }

  async function check({ session, credentials }: Checked): Promise<void> {
    const now = await identify(credentials);
    if (now.kind === "refused") session.close(managerCloseCodes.keyRefused, now.words);
    if (now.kind === "known" && now.viewer.organizationId !== session.organizationId)
      session.close(managerCloseCodes.keyRefused, "the key is another organization's now");
  }

  return {
    identify,
    /** One look at a time: a call during one gets that one. While nobody can be asked the sockets stay. */
    look(all: () => Iterable<Checked>): Promise<void> {
      looking ??= severalAtOnce(width, [...all()], check).finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}
