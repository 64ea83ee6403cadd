import { ensureImage, labSupported } from "../../lab/index.ts";
import type { Board } from "../kit/board.ts";
import {
  chromium,
  type DebianPackage,
  installCommand,
  installDebian,
  labPackages,
  missingOf,
  reasons,
  whyNoInstall,
} from "./debian.ts";
import { type MadeFiles, make, mustMake, pages, prismaClient } from "./made-files.ts";
import { withSetUpLock } from "./set-up-lock.ts";

export interface SetUpOptions {
  /** check: what types and unit tests need. start: pages and lab. test: all of it, and the browser. */
  readonly for: "check" | "start" | "test";
  readonly board: Board;
  readonly signal: AbortSignal;
  /** The person wants a simulated cloud: nothing is installed or built for a lab. */
  readonly simulated?: boolean;
  /** The person has hosts of their own: nothing is installed or built for a lab. */
  readonly ownHosts?: boolean;
}

export interface SetUpResult {
  /** Why there is no lab, with the cure; undefined when it can run. */
  readonly noLab: { readonly why: string; readonly cure: string } | undefined;
  readonly noBrowser: { readonly why: string; readonly cure: string } | undefined;
}

/**
 * Brings everything that the npm packages do not hold: Debian packages, the Prisma client, the pages, the guest image.
 * Each is done when its inputs changed, and not again. Package installation and page build run side by side.
 */
export async function setUp(options: SetUpOptions): Promise<SetUpResult> {
  const { board, signal } = options;
  return await withSetUpLock(board.line, signal, async () => {
    const wantsLab = options.for !== "check" && !options.simulated && !options.ownHosts;
    const client = ensureMade(prismaClient, options);
    const [result] = await allOf([
      wantsLab || options.for === "test" ? system(options, wantsLab) : noSystem(options),
      client.then(() => (options.for === "check" ? undefined : ensureMade(pages, options))),
    ]);
    signal.throwIfAborted();
    return result;
  });
}

const noSystem = async ({ simulated, ownHosts }: SetUpOptions): Promise<SetUpResult> => ({
  noLab: ownHosts
    ? { why: "it was left out (--no-lab)", cure: "leave --no-lab out" }
    : simulated
      ? { why: "the simulated cloud was asked for", cure: "leave --simulated out" }
      : undefined,
  noBrowser: undefined,
});

/** Debian packages, and then what they build: the guest image. */
async function system(options: SetUpOptions, wantsLab: boolean): Promise<SetUpResult> {
  const { board, signal } = options;
  const forLab = wantsLab && process.platform === "linux" && process.arch === "x64" ? await labPackages() : [];
  const forTests = options.for === "test" ? [chromium] : [];
  await installMissing([...forLab, ...forTests], options);
  const support = wantsLab
    ? labSupported()
    : { ok: false as const, why: "the simulated cloud was asked for", cure: "leave --simulated out" };
  if (support.ok)
    await lazyPhase(board, "guest image", async (say) => {
      await ensureImage({
        signal,
        onPhase: ({ name, detail }) => say([name.replace(/^guest image:? ?/, ""), detail].filter(Boolean).join(", ")),
      });
    });
  return {
    noLab: support.ok ? undefined : support,
    noBrowser:
      missingOf(forTests).length > 0
        ? { why: `${chromium.program} is missing`, cure: installCommand([chromium]) }
        : undefined,
  };
}

/** Installs as root; says what, why and how to anybody else, and goes on without. */
async function installMissing(wanted: readonly DebianPackage[], { board, signal }: SetUpOptions): Promise<void> {
  const missing = missingOf(wanted);
  if (missing.length === 0) return;
  const unable = whyNoInstall();
  board.line(unable ? `  Debian packages are missing, and ${unable}:` : "  Debian packages to install:");
  for (const reason of reasons(missing)) board.line(reason);
  if (unable) board.line(`  to install them: sudo ${installCommand(missing)}`);
  else await board.phase("Debian packages", (say) => installDebian(missing, say, signal));
}

async function ensureMade(made: MadeFiles, { board, signal }: SetUpOptions): Promise<void> {
  const hash = await mustMake(made);
  if (hash !== undefined) await board.phase(made.name, (say) => make(made, hash, say, signal));
}

const worthSayingMs = 1_500;

/** A phase that is shown only when it takes a while: what it makes knows by itself whether it is there. */
async function lazyPhase(
  board: Board,
  name: string,
  work: (say: (detail: string) => void) => Promise<void>,
): Promise<void> {
  let say: (detail: string) => void = () => {};
  const working = work((detail) => say(detail));
  const quick = await Promise.race([
    working.then(() => true),
    new Promise<false>((wake) => setTimeout(() => wake(false), worthSayingMs).unref()),
  ]);
  if (quick) return;
  await board.phase(name, async (tell) => {
    say = tell;
    await working;
  });
}

/** Like Promise.all, but waits for all of them to end: none goes on working behind an error's back. */
async function allOf<A, B>(work: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  const ends = await Promise.allSettled(work);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return await Promise.all(work);
}
