"use client";

import { SomethingBroke } from "../components/shell/something-broke.tsx";

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return <SomethingBroke words={error.message} onRetry={reset} />;
}
