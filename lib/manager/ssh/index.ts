/** Commands and files in the customer's own VMs. */
export type { CommandOptions, CommandResult } from "./command.ts";
export { isSshError, SshError, type SshErrorCode } from "./errors.ts";
export { type HostKeys, hostKeysIn, type VmLife } from "./host-keys.ts";
export { type Shells, shellsOf } from "./pool.ts";
export { Script, type ScriptValue, sh, shellQuote } from "./script.ts";
export { type Content, type PutOptions, untilReached, type VmShell, type VmShellOptions, vmShell } from "./vm-shell.ts";
