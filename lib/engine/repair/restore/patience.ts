/** The longest that one restore may take before something else is tried. */
export const restoreWithinMs = 10 * 60_000;
/** A restored guest goes on where it was, so it answers soon or not at all. */
export const restoredAnswersWithinMs = 30_000;
