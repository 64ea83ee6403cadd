export { adviseInterval } from "./checkpoints/advice.ts";
export { asOf, asOfFailure, timeInWords } from "./checkpoints/as-of.ts";
export { beginNow, type Captures } from "./checkpoints/begin-now.ts";
export { beyond, mostOf } from "./checkpoints/beyond.ts";
export { type CheckpointQuestion, newestValid, restorable } from "./checkpoints/choose.ts";
export {
  commonInstants,
  groupKey,
  groupRefusal,
  groupRefusals,
  idsOfGroup,
  instantOf,
} from "./checkpoints/group.ts";
export { isHeldByCapture } from "./checkpoints/held-by-capture.ts";
export {
  planElsewhere,
  planRollBack,
  type RollBack,
  type Saved,
  type SavedGroup,
} from "./checkpoints/plan-roll-back.ts";
export { forgotten, type Reconciled, reconcile } from "./checkpoints/retention.ts";
export { obstacleTo, type StatusQuestion, statusOf } from "./checkpoints/status.ts";
export {
  begun,
  failed,
  firstTurn,
  putOff,
  readyMs,
  succeeded,
  type Turn,
  withInterval,
} from "./checkpoints/turns.ts";
export { typicalCost } from "./checkpoints/typical.ts";
export { verifyNext } from "./checkpoints/verify-next.ts";
export { type AnswerStanding, answerTo, type Offer } from "./collaboration/answer.ts";
export { fallbackWay, type RunsFrom } from "./collaboration/fallback.ts";
export { asksCustomersView, type Together } from "./collaboration/partner.ts";
export { type Progress, progressOf } from "./collaboration/progress.ts";
export { proposedTechniques } from "./collaboration/propose.ts";
export { providerView, wantedOff } from "./collaboration/view.ts";
export { decideVm, type VmDecision, type VmMemory, type VmQuestion } from "./decide-vm.ts";
export { type Counted, diagnoseGuest, type GuestSigns, type GuestVerdict, guestPatience } from "./diagnose-guest.ts";
export { diagnoseVm, patience, type Sight, type Verdict, type VmLook } from "./diagnose-vm.ts";
export {
  diagnoseHosts,
  type HostObservation,
  type HostVerdict,
} from "./host/diagnose-hosts.ts";
export { leaseIsOver, leaseProves, type Unreached, unreachedAfter } from "./host/lease.ts";
export { diskIsLocked } from "./host/lock.ts";
export { protectionOf } from "./host/protection.ts";
export type { PeerAnswer, PeerRound } from "./host/quorum.ts";
export { type Storm, stormOf } from "./host/storm.ts";
export { firstHeard, healthOf, heard, type Suspicion } from "./host/suspicion.ts";
export { type DrainPlan, planDrain, type Tried } from "./placement/drain.ts";
export {
  type Inventory,
  mayCarry,
  type NoPlace,
  type Placement,
  type Replica,
  takesRoom,
} from "./placement/inventory.ts";
export { placeVms } from "./placement/place.ts";
export { consentRefusal, modeRefusal, relocationRefusal } from "./placement/relocation.ts";
export { placeReplica, replicasInTheWay } from "./placement/replicas.ts";
export { sameRoom } from "./placement/same-room.ts";
export { sharedDisks } from "./placement/storage.ts";
export { toleranceByHost, toleranceOf } from "./placement/tolerance.ts";
export {
  asksElsewhere,
  type Plan,
  planRepair,
  type RepairQuestion,
  restartLimit,
  techniqueRefusal,
} from "./plan-repair.ts";
export { type ReviveAction, reviveAction } from "./revive.ts";
