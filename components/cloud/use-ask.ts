import { useState } from "react";
import type { Refusal, Result } from "../../lib/client/index.ts";

/** One question to the server at a time: whether it is under way, and why it was refused last. */
export function useAsk() {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);

  /** The answer; undefined where it was refused, which `problem` then says. */
  async function ask<T>(question: () => Promise<Result<T>>): Promise<T | undefined> {
    setBusy(true);
    setRefusal(undefined);
    const answer = await question();
    setBusy(false);
    if (answer.ok) return answer.value;
    setRefusal(answer.refusal);
    return undefined;
  }

  const field = refusal?.kind === "refused" ? refusal.field : undefined;
  const problem = refusal && { message: refusal.message, cure: refusal.cure, field };
  /** What is wrong with one input, for the input itself. */
  const wrongAt = (name: string) => (field?.split(".")[0] === name ? (refusal?.message ?? null) : null);
  return { busy, problem, wrongAt, ask };
}
