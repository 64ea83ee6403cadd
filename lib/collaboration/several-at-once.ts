/** Each of them once, at most `width` at a time. */
export async function severalAtOnce<T>(
  width: number,
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<void> {
  const rest = all.values();
  await Promise.all(
    Array.from({ length: Math.min(width, all.length) }, async () => {
      for (const one of rest) await work(one);
    }),
  );
}
