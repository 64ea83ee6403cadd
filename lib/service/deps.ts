import type { Clock, HostExaminer, HostInstaller, Ids, ServiceStore } from "../engine/ports.ts";
import type { Endpoint } from "../model/index.ts";

/** Reaches customers' endpoints. Real: lib/collaboration. */
export interface EndpointCaller {
  /** Throws BelayError with the field `url` where the address may not be called. */
  check(url: string): Promise<void>;
  /** Sends a signed message that means nothing, once. `gone`: it wants no more messages. */
  test(
    endpoint: Pick<Endpoint, "url"> & { readonly secret: string },
  ): Promise<{ readonly ok: boolean; readonly gone: boolean; readonly words: string }>;
}

/** What the services are given. `simulated` is told to everybody who asks for the cloud. */
export interface ServiceDeps {
  readonly store: ServiceStore;
  readonly examiner: HostExaminer;
  /** undefined in the simulated cloud, whose hosts are not reached over SSH. */
  readonly installer?: HostInstaller | undefined;
  readonly endpointCaller: EndpointCaller;
  readonly clock: Pick<Clock, "now">;
  readonly ids: Ids;
  readonly simulated: boolean;
}
