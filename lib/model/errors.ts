/** Every way in which a request to Belay can be refused. The wording for people is made where the error is thrown. */
export const errorCodes = {
  "bad-input": 400,
  "not-signed-in": 401,
  "not-allowed": 403,
  "not-found": 404,
  conflict: 409,
  "host-key-changed": 409,
  "host-not-ready": 422,
  "host-unreachable": 502,
  "not-available": 503,
} as const satisfies Record<string, number>;
export type ErrorCode = keyof typeof errorCodes;

/** A refusal with what to do about it. `field` names the input at fault. */
export class BelayError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly cure: string | undefined;
  constructor(code: ErrorCode, message: string, more: { field?: string; cure?: string; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.name = "BelayError";
    this.code = code;
    this.field = more.field;
    this.cure = more.cure;
  }
}
