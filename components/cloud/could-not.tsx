import { Button } from "@mantine/core";
import { Refused } from "../../lib/client/index.ts";
import { PageHead } from "../ui/page-head.tsx";
import { Situation } from "../ui/situation.tsx";

/** Something could not be had from the server: why, what to do, and a button that asks again. */
export function CouldNot({ error, retry }: { readonly error: Error; readonly retry: () => unknown }) {
  return (
    <Situation
      kind="error"
      title={error.message}
      words={error instanceof Refused ? error.refusal.cure : undefined}
      action={
        <Button size="xs" variant="default" onClick={() => void retry()}>
          Try again
        </Button>
      }
    />
  );
}

export interface NotYetProps {
  readonly title: string;
  /** "Fetching the incident…" */
  readonly asking: string;
  /** null while the answer is on its way. */
  readonly error: Error | null;
  readonly retry: () => unknown;
}

/** A whole page without its content. */
export function NotYet({ title, asking, error, retry }: NotYetProps) {
  return (
    <>
      <PageHead title={title} />
      {error === null ? <Situation kind="loading" title={asking} /> : <CouldNot error={error} retry={retry} />}
    </>
  );
}
