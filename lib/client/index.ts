export { applyEvent, applyEvents, fromSnapshot, type LiveCloud } from "./apply.ts";
export { openBrowserSocket } from "./browser-socket.ts";
export { orThrow, type Refusal, Refused, type Result } from "./call.ts";
export { type Capacity, capacityOf } from "./capacity.ts";
export {
  type AdviceRequest,
  changeApplication,
  keepCheckpoint,
  restoreBeside,
  restoreCheckpoint,
  takeCheckpoint,
} from "./checkpoint-requests.ts";
export {
  type CheckpointQuestion,
  checkpointLine,
  goesBack,
  intervalChoices,
  intervalOf,
  lossWords,
  methodWords,
  noCheckpointsIn,
  restoredByHandOnly,
  savedWords,
  verifiedWords,
} from "./checkpoints.ts";
export {
  conversationQuery,
  createKey,
  endpointQuery,
  keysQuery,
  putEndpoint,
  putImage,
  removeEndpoint,
  removeImage,
  revokeKey,
  testEndpoint,
} from "./collaboration-requests.ts";
export { type Said, speakerWords, techniqueInWords, tell, withoutOldProgress } from "./conversation.ts";
export { agoWords, clockWords, dateWords, exactClockWords, spanWords, stopwatchWords } from "./durations.ts";
export type { LogLine } from "./event-log.ts";
export { adviceQuery, checkpointsQuery, cloudQuery, type Feed, keys, startFeed, trafficQuery } from "./feed.ts";
export { installHelper } from "./install-helper.ts";
export { freshKey } from "./key.ts";
export type { LiveState } from "./live.ts";
export { misfitsOf, type Protection, protectionOf, protectionOfHost } from "./protection.ts";
export {
  approveIncident,
  beginMaintenance,
  changeHost,
  changePolicy,
  changeVm,
  endMaintenance,
  fetchDrainPreview,
  putFenceDevice,
  putHook,
  removeFenceDevice,
  removeHook,
  sayHostOff,
} from "./provider-requests.ts";
export { changePassword, fetchIncident, fetchIncidents, fetchIntent, killVm, signIn, signOut } from "./requests.ts";
export { serverNow } from "./server-clock.ts";
export { sensorTrouble, type Together, togetherOf } from "./together.ts";
export { columnsOf, failedIn, rateOf, trafficSeconds } from "./traffic.ts";
export { uncapital } from "./uncapital.ts";
export {
  bytesWords,
  capital,
  causeSentence,
  failedThing,
  incidentTitle,
  listWords,
  percentWords,
  reasonOf,
  shortAgents,
} from "./words.ts";
