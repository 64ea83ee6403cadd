import type { z } from "zod";
import type { InstallLine, installHelperBody } from "../contract/index.ts";
import { HostUnreachable, type InstallStep } from "../engine/ports.ts";
import { BelayError, can, type HostId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { withoutUndefined } from "./without-undefined.ts";

const asRefusal = (error: unknown): unknown =>
  error instanceof HostUnreachable
    ? new BelayError("host-unreachable", "The host cannot be reached over SSH.", {
        field: "id",
        cure: "Look whether it is on and lets Belay's key in, then try again.",
        cause: error,
      })
    : error;

export function helperService({ store, installer }: ServiceDeps) {
  return {
    /**
     * Puts belay-host on the host. Resolves with the first step done, so that what the host lacks at once is refused as anything else is;
     * what fails later is the last line.
     */
    async installHelper(
      viewer: Viewer,
      id: HostId,
      body: z.infer<typeof installHelperBody>,
    ): Promise<AsyncIterable<InstallLine>> {
      must(can.changeHosts(viewer));
      const host = found("host", await store.host(id), () => true);
      if (installer === undefined)
        throw new BelayError("not-available", "Nothing is installed on hosts of the simulated cloud.", {
          field: "id",
          cure: "Install the helper on a real host.",
        });
      const { leaseMs } = await store.policy();
      const steps = installer.install(host, { leaseMs, ...withoutUndefined(body) })[Symbol.asyncIterator]();
      const first = await steps.next().catch((error: unknown) => {
        throw asRefusal(error);
      });
      return linesOf(first, steps);
    },
  };
}

async function* linesOf(
  first: IteratorResult<InstallStep>,
  steps: AsyncIterator<InstallStep>,
): AsyncIterable<InstallLine> {
  try {
    for (let it = first; it.done !== true; it = await steps.next()) yield { kind: "step", ...it.value };
    yield { kind: "done" };
  } catch (thrown) {
    const error = asRefusal(thrown);
    if (!(error instanceof BelayError)) throw thrown;
    yield { kind: "failed", message: error.message, cure: error.cure ?? "Try again: what is there already is kept." };
  }
}
