export interface Interruption {
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP, and when the process that launched us is gone. */
  readonly signal: AbortSignal;
  /** Ends the process at once at the next Ctrl-C, after `last` has run. */
  onSecond(last: () => void): void;
}

/** The exit code that a shell gives to what Ctrl-C ended. */
export const interruptedExitCode = 130;

/** Takes over this process's signals. Call once, in a command's main file. */
export function watchInterruption(): Interruption {
  const controller = new AbortController();
  let last = (): void => {};
  const interrupt = (reason: string): void => {
    if (!controller.signal.aborted) {
      controller.abort(new Error(reason));
      return;
    }
    // A lost launcher is no person in a hurry.
    if (reason !== "Ctrl-C") return;
    last();
    process.exit(interruptedExitCode);
  };
  process.on("SIGINT", () => interrupt("Ctrl-C"));
  process.on("SIGTERM", () => interrupt("SIGTERM"));
  process.on("SIGHUP", () => interrupt("SIGHUP"));
  process.on("disconnect", () => interrupt("the process that launched this one is gone"));
  process.channel?.unref();
  return {
    signal: controller.signal,
    onSecond(run) {
      last = run;
    },
  };
}
