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
  RepairProgram,
  RepairRunner,
  RepairWork,
  ServiceStore,
  Steps,
  StoredEvent,
  Wakes,
} from "./ports.ts";
export { faults, HostUnreachable, HypervisorRefused } from "./ports.ts";
