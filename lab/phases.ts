/** One step of a long piece of work, for whoever shows progress. */
export interface Phase {
  name: string;
  state: "start" | "progress" | "done";
  /** What is happening right now, or what came out. */
  detail?: string;
  elapsedMs: number;
}

export type OnPhase = (phase: Phase) => void;

/** Runs `work` as a named phase. `say` reports progress inside it; what it said last is the closing detail, too. */
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
  let last: string | undefined;
  const result = await work((detail) => {
    last = detail;
    report("progress", detail);
  });
  report("done", last);
  return result;
}
