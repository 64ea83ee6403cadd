export {
  type Addresses,
  type Bindings,
  bindingsOf,
  needsOf,
  type Peer,
  portOf,
  serverNamed,
  serversOn,
  startOrder,
} from "./bindings.ts";
export { cureOfDataAtRisk, hasData, isRecorded, isSavedByCommand, mirrorVms } from "./data.ts";
export { type Fault, type FaultAt, faultLines } from "./fault.ts";
export { applicationJsonSchema } from "./known-fields.ts";
export { missingFiles } from "./local-files.ts";
export type { OwnSensor } from "./own-sensors.ts";
export { type ReadResult, readDescription } from "./read.ts";
export {
  type ArchiveSpec,
  type Description,
  descriptionSchema,
  type SecretSpec,
  type ServerOf,
  type ServerSpec,
  type VmSpec,
} from "./schema.ts";
