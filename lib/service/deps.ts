import type { Clock, HostExaminer, HostInstaller, Ids, ServiceStore } from "../engine/ports.ts";

/** What the services are given. `simulated` is told to everybody who asks for the cloud. */
export interface ServiceDeps {
  readonly store: ServiceStore;
  readonly examiner: HostExaminer;
  /** undefined in the simulated cloud, whose hosts are not reached over SSH. */
  readonly installer?: HostInstaller | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly ids: Ids;
  readonly simulated: boolean;
}
