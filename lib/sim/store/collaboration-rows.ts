import type { Allocation, ConversationMessage, EpochMs, ManagerStanding, SensorReport } from "../../model/index.ts";

export interface ManagerRow {
  readonly standing: ManagerStanding;
  /** The end of its lease. */
  readonly until: EpochMs;
}
export interface SensorsRow {
  readonly report: SensorReport;
  /** When an event last said it. */
  readonly toldAt: EpochMs;
}
export interface MessageRow {
  readonly message: ConversationMessage;
  /** Of the provider's: the same key is the same message. */
  readonly key: string | null;
  readonly settledAt: EpochMs | null;
}
export interface AllocationRow {
  readonly allocation: Allocation;
  readonly key: string;
}
