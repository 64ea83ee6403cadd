export { decideVm, type VmDecision, type VmMemory, type VmQuestion } from "./decide-vm.ts";
export { diagnoseVm, patience, type Sight, type Verdict, type VmLook } from "./diagnose-vm.ts";
export { type Plan, planRepair, type RepairQuestion, restartLimit } from "./plan-repair.ts";
export { type ReviveAction, reviveAction } from "./revive.ts";
