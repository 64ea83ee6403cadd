/** Something that a person has to know of or do. Shown as its words and the cure, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly cure: string | undefined;
  constructor(words: string, cure?: string, options?: ErrorOptions) {
    super(words, options);
    this.cure = cure;
  }
}

/** For people: the words and the cure of what is ours, everything of what is not. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cure = "cure" in error && typeof error.cure === "string" ? error.cure : undefined;
  if (cure !== undefined) return `${error.message}\n  cure: ${cure}`;
  return error instanceof Failure ? error.message : (error.stack ?? error.message);
}
