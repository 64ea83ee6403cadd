/** The libvirt RPC client: the only door of this room. See README.md. */
export { type ConnectOptions, connect } from "./connect.ts";
export { type CallName, type CallRest, Connection, type MonitorEvent } from "./connection.ts";
export type { Dialer } from "./dialer/dialer.ts";
export { sshDialer } from "./dialer/ssh.ts";
export { systemSocketPath, unixDialer } from "./dialer/unix.ts";
export { hostName, type NodeInfo, nodeInfo, type Versions, versions } from "./domains/host.ts";
export {
  abortDomainJob,
  type DomainJob,
  domainJob,
} from "./domains/jobs.ts";
export type { DomainKey } from "./domains/keys.ts";
export {
  createDomain,
  defineDomain,
  destroyDomain,
  domainXml,
  resetDomain,
  resumeDomain,
  shutdownDomain,
  startDomain,
  suspendDomain,
  undefineDomain,
  wakeDomain,
} from "./domains/lifecycle.ts";
export { type MetadataKey, type MetadataOptions, readMetadata, writeMetadata } from "./domains/metadata.ts";
export { type AgentOptions, agentAnswers, agentCommand, hmp, qmp } from "./domains/qemu.ts";
export {
  type DomainInfo,
  type DomainStatus,
  domainInfo,
  domainStatus,
  findDomain,
  type ListedDomain,
  listDomains,
} from "./domains/status.ts";
export { HostKeyMismatch, isRpcError, QmpError, RpcError, type RpcErrorCode } from "./errors.ts";
export { isOverflow, type Overflow } from "./events/bounded-queue.ts";
export { type DomainEvent, type DomainEventKind, type DomainRef, domainEventKinds } from "./events/domain-events.ts";
export type { SubscribeOptions, Subscription } from "./events/subscription.ts";
export {
  isAgentUnresponsive,
  isBusy,
  isDenied,
  isLibvirtError,
  isNoDomain,
  isNoMetadata,
  isNoStoragePool,
  isNoStorageVolume,
  isOperationInvalid,
  isUnsupported,
  LibvirtError,
} from "./libvirt-error.ts";
export {
  type DomainState,
  domainStates,
  type LifecycleName,
  lifecycleDetails,
  lifecycleEvents,
  stateReasons,
} from "./protocol/domain-names.ts";
export type * as wire from "./protocol/generated/types.ts";
export type { KeepaliveOptions } from "./session/keepalive.ts";
export type { CallOptions } from "./session/session.ts";
export { SshConnection, type SshState } from "./ssh/connection.ts";
export type { ExecOptions, ExecResult } from "./ssh/exec.ts";
export { fetchHostKey, type HostKey } from "./ssh/host-key.ts";
export type { SshOptions } from "./ssh/options.ts";
export { shellCommand, shellQuote } from "./ssh/quote.ts";
export { toDuplex } from "./streams/duplex.ts";
export type { StreamProcedure } from "./streams/procedures.ts";
export type { RpcStream, StreamItem, StreamOptions } from "./streams/stream.ts";
export { downloadVolume, screenshot, type TransferOptions, uploadVolume } from "./streams/transfer.ts";
export { type Backoff, type LinkState, type SuperviseOptions, Supervisor, supervise } from "./supervise.ts";
export {
  numberParam,
  paramsToRecord,
  recordToParams,
  stringParam,
  type TypedParams,
} from "./xdr/typed-params.ts";
