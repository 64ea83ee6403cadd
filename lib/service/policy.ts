import type { z } from "zod";
import type { changePolicyBody, PolicyView } from "../contract/index.ts";
import { BelayError, can, type Viewer } from "../model/index.ts";
import { must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { withoutUndefined } from "./without-undefined.ts";

export function policyService({ store, clock }: ServiceDeps) {
  return {
    async policy(viewer: Viewer): Promise<PolicyView> {
      must(can.setPolicy(viewer));
      return store.policy();
    },

    async changePolicy(viewer: Viewer, body: z.infer<typeof changePolicyBody>): Promise<PolicyView> {
      must(can.setPolicy(viewer));
      const { checkpointLeastMs, checkpointMostMs } = { ...(await store.policy()), ...withoutUndefined(body) };
      if (checkpointLeastMs > checkpointMostMs)
        throw new BelayError("bad-input", "The shortest interval of checkpoints would be longer than the longest.", {
          field: body.checkpointLeastMs === undefined ? "checkpointMostMs" : "checkpointLeastMs",
          cure: `It is ${checkpointLeastMs} to ${checkpointMostMs} ms with this change: set both.`,
        });
      return store.changePolicy(withoutUndefined(body), viewer, clock.now());
    },
  };
}
