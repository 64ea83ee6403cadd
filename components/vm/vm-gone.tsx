import { Situation } from "../ui/situation.tsx";

/** In a dialog about a VM that was removed, or given to somebody else, while it was open. */
export function VmGone() {
  return <Situation kind="empty" title="There is no such VM any more." words="Nothing was changed." />;
}
