/**
 * What went wrong in the lab, in words for a person, and what to do about it.
 * The message names the thing (host, file, program); the cure is one sentence or a command.
 */
export class LabError extends Error {
  override readonly name = "LabError";
  readonly cure: string;

  constructor(message: string, cure = "", options?: ErrorOptions) {
    super(message, options);
    this.cure = cure;
  }
}
