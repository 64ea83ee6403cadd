import type { Clock, HostExaminer, Ids, ServiceStore } from "../engine/ports.ts";

/** What the services are given. `simulated` is told to everybody who asks for the cloud. */
export interface ServiceDeps {
  readonly store: ServiceStore;
  readonly examiner: HostExaminer;
  readonly clock: Pick<Clock, "now">;
  readonly ids: Ids;
  readonly simulated: boolean;
}
