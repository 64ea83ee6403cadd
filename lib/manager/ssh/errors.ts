/** What can go wrong between the manager and a VM. `hostKeyChanged` is never tried again by itself: somebody else may answer there. */
export type SshErrorCode =
  | "unreachable"
  | "refused"
  | "hostKeyChanged"
  | "timedOut"
  | "lost"
  | "tooMuchOutput"
  | "stopped"
  | "failed";

export class SshError extends Error {
  readonly code: SshErrorCode;
  constructor(code: SshErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SshError";
    this.code = code;
  }
}

export const isSshError = (error: unknown, ...codes: readonly SshErrorCode[]): error is SshError =>
  error instanceof SshError && (codes.length === 0 || codes.includes(error.code));

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
