import type { CustomerEvent, ManagerFrame } from "../../contract/index.ts";

type Sensors = Extract<ManagerFrame, { type: "sensors" }>;

/** A way to the provider, and back. */
export interface Channel {
  /** False: not now; it is said again after `Agent.sendAgain`. */
  say(message: CustomerEvent): boolean;
  report(applicationId: Sensors["applicationId"], sensors: Sensors["sensors"]): void;
  /** How far the provider's clock is ahead of ours. */
  clockAheadMs(): number;
  close(): Promise<void> | void;
}
