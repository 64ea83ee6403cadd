export { createEngine, type Engine } from "./engine.ts";
export { defaultOptions, type EngineOptions, type Env } from "./env.ts";
export type {
  Clock,
  DomainAction,
  DomainSight,
  EngineStore,
  EventFeed,
  Fault,
  HostAddress,
  HostCheckResult,
  HostExaminer,
  HostFacts,
  HostSignal,
  Hypervisor,
  Ids,
  Intent,
  Log,
  NewIncident,
  Prober,
  RepairRunner,
  RepairWork,
  ServiceStore,
  Steps,
  StoredEvent,
  Wakes,
  WorkId,
  WorkProgram,
} from "./ports.ts";
export { faults, HostUnreachable, HypervisorRefused } from "./ports.ts";
export { untouchedWithinMs } from "./repair/group/patience.ts";
