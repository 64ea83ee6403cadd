import { dateWords } from "../../lib/client/index.ts";
import type { CloudView } from "../../lib/contract/index.ts";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Warning } from "../ui/warning.tsx";

/** Nobody's state is saved any more, and only the provider can make room for all. */
export function StoreFullWarning({ cloud }: { readonly cloud: CloudView }) {
  const since = cloud.checkpointStoreFullSince;
  if (since === null) return null;
  return (
    <Warning title="The store of checkpoints is full: nothing more is saved.">
      <p>
        It has been full since {dateWords(since)}. What was saved before can be restored. Give the store a larger disk
        or limit, or make room: lower how many checkpoints are kept (Settings), let go of kept ones, or switch saving
        off where it is not needed. That frees room within a minute, and saving goes on by itself.
      </p>
      <SimulatedMark simulated={cloud.simulated} />
    </Warning>
  );
}
