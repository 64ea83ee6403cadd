/** One step of a long piece of work, for whoever shows progress. */
export interface Phase {
  name: string;
  state: "start" | "progress" | "done";
  /** What is happening right now, or what came out. */
  detail?: string;
  elapsedMs: number;
}

export type OnPhase = (phase: Phase) => void;

/** Runs `work` as a named phase. `say` reports progress inside it; a string that work returns becomes the closing detail. */
export async function phase<T>(
  name: string,
  onPhase: OnPhase | undefined,
  work: (say: (detail: string) => void) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const report = (state: Phase["state"], detail?: string) =>
    onPhase?.({
      name,
      state,
      elapsedMs: Math.round(performance.now() - began),
      ...(detail === undefined ? {} : { detail }),
    });
  report("start");
  const result = await work((detail) => report("progress", detail));
  report("done", typeof result === "string" ? result : undefined);
  return result;
}
