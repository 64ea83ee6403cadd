export { type VmRecord, type VmRecords, vmRecords } from "./records.ts";
export { createProvision, type Provision } from "./vms.ts";
