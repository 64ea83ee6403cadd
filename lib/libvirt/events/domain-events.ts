import * as names from "../protocol/domain-names.ts";
import type { Messages, NonnullDomain } from "../protocol/generated/types.ts";
import type { MessageName } from "../protocol/table.ts";
import { paramsToRecord, type TypedParams } from "../xdr/typed-params.ts";

/** `id` is the number of the running instance, -1 when the domain does not run. */
export interface DomainRef {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
}

/** One row: libvirt's event id, the message that carries it, and how that becomes our event. */
interface Row<M extends MessageName, E extends { readonly domain: DomainRef }> {
  readonly id: number;
  readonly message: M;
  readonly decode: (message: Messages[M]) => E;
}

const row = <M extends MessageName, const E extends { readonly domain: DomainRef }>(
  id: number,
  message: M,
  decode: (message: Messages[M]) => E,
): Row<M, E> => ({ id, message, decode });

const domainOf = ({ name, uuid, id }: NonnullDomain): DomainRef => ({ name, uuid, id });

interface Lifecycle {
  readonly domain: DomainRef;
  readonly event: names.LifecycleName | names.Unknown;
  /** In the words of that event, e.g. "failed" of "stopped". */
  readonly detail: string;
}

function lifecycle(dom: NonnullDomain, event: number, detail: number): Lifecycle {
  const name = names.lifecycleEvents[event];
  return {
    domain: domainOf(dom),
    event: names.nameOf(names.lifecycleEvents, event),
    detail: names.nameOf(name ? names.lifecycleDetails[name] : [], detail),
  };
}

/** Every domain event of libvirt 9.0, by the name of its id in libvirt-domain.h (block_job_2 names the disk by its target). */
export const domainEvents = {
  lifecycle: row(0, "domain_event_callback_lifecycle", ({ msg }) => lifecycle(msg.dom, msg.event, msg.detail)),
  reboot: row(1, "domain_event_callback_reboot", ({ msg }) => ({ domain: domainOf(msg.dom) })),
  rtc_change: row(2, "domain_event_callback_rtc_change", ({ msg }) => ({
    domain: domainOf(msg.dom),
    /** Seconds from UTC. */
    offsetSeconds: msg.offset,
  })),
  watchdog: row(3, "domain_event_callback_watchdog", ({ msg }) => ({
    domain: domainOf(msg.dom),
    action: names.nameOf(names.watchdogActions, msg.action),
  })),
  io_error: row(4, "domain_event_callback_io_error", ({ msg }) => ({
    domain: domainOf(msg.dom),
    sourcePath: msg.srcPath,
    device: msg.devAlias,
    action: names.nameOf(names.ioErrorActions, msg.action),
  })),
  graphics: row(5, "domain_event_callback_graphics", ({ msg }) => ({
    domain: domainOf(msg.dom),
    phase: names.nameOf(names.graphicsPhases, msg.phase),
    local: { ...msg.local, family: names.nameOf(names.graphicsFamilies, msg.local.family) },
    remote: { ...msg.remote, family: names.nameOf(names.graphicsFamilies, msg.remote.family) },
    authScheme: msg.authScheme,
    subject: msg.subject,
  })),
  io_error_reason: row(6, "domain_event_callback_io_error_reason", ({ msg }) => ({
    domain: domainOf(msg.dom),
    sourcePath: msg.srcPath,
    device: msg.devAlias,
    action: names.nameOf(names.ioErrorActions, msg.action),
    /** "enospc", or empty where QEMU gives none. */
    reason: msg.reason,
  })),
  control_error: row(7, "domain_event_callback_control_error", ({ msg }) => ({ domain: domainOf(msg.dom) })),
  block_job: row(8, "domain_event_callback_block_job", ({ msg }) => ({
    domain: domainOf(msg.dom),
    disk: msg.path,
    job: names.nameOf(names.blockJobTypes, msg.type),
    status: names.nameOf(names.blockJobStatuses, msg.status),
  })),
  disk_change: row(9, "domain_event_callback_disk_change", ({ msg }) => ({
    domain: domainOf(msg.dom),
    device: msg.devAlias,
    oldSourcePath: msg.oldSrcPath,
    newSourcePath: msg.newSrcPath,
    reason: names.nameOf(names.diskChangeReasons, msg.reason),
  })),
  tray_change: row(10, "domain_event_callback_tray_change", ({ msg }) => ({
    domain: domainOf(msg.dom),
    device: msg.devAlias,
    change: names.nameOf(names.trayChanges, msg.reason),
  })),
  pm_wakeup: row(11, "domain_event_callback_pmwakeup", ({ msg }) => ({ domain: domainOf(msg.dom) })),
  pm_suspend: row(12, "domain_event_callback_pmsuspend", ({ msg }) => ({ domain: domainOf(msg.dom) })),
  balloon_change: row(13, "domain_event_callback_balloon_change", ({ msg }) => ({
    domain: domainOf(msg.dom),
    actualKiB: msg.actual,
  })),
  pm_suspend_disk: row(14, "domain_event_callback_pmsuspend_disk", ({ msg }) => ({ domain: domainOf(msg.dom) })),
  device_removed: row(15, "domain_event_callback_device_removed", ({ msg }) => ({
    domain: domainOf(msg.dom),
    device: msg.devAlias,
  })),
  block_job_2: row(16, "domain_event_block_job_2", (msg) => ({
    domain: domainOf(msg.dom),
    disk: msg.dst,
    job: names.nameOf(names.blockJobTypes, msg.type),
    status: names.nameOf(names.blockJobStatuses, msg.status),
  })),
  tunable: row(17, "domain_event_callback_tunable", (msg) => ({
    domain: domainOf(msg.dom),
    params: paramsToRecord(msg.params),
  })),
  agent_lifecycle: row(18, "domain_event_callback_agent_lifecycle", (msg) => ({
    domain: domainOf(msg.dom),
    state: names.nameOf(names.agentStates, msg.state),
    reason: names.nameOf(names.agentReasons, msg.reason),
  })),
  device_added: row(19, "domain_event_callback_device_added", (msg) => ({
    domain: domainOf(msg.dom),
    device: msg.devAlias,
  })),
  migration_iteration: row(20, "domain_event_callback_migration_iteration", (msg) => ({
    domain: domainOf(msg.dom),
    iteration: msg.iteration,
  })),
  job_completed: row(21, "domain_event_callback_job_completed", (msg) => ({
    domain: domainOf(msg.dom),
    params: paramsToRecord(msg.params),
  })),
  device_removal_failed: row(22, "domain_event_callback_device_removal_failed", (msg) => ({
    domain: domainOf(msg.dom),
    device: msg.devAlias,
  })),
  metadata_change: row(23, "domain_event_callback_metadata_change", (msg) => ({
    domain: domainOf(msg.dom),
    type: names.nameOf(names.metadataTypes, msg.type),
    namespaceUri: msg.nsuri,
  })),
  block_threshold: row(24, "domain_event_block_threshold", (msg) => ({
    domain: domainOf(msg.dom),
    device: msg.dev,
    path: msg.path,
    thresholdBytes: msg.threshold,
    excessBytes: msg.excess,
  })),
  memory_failure: row(25, "domain_event_memory_failure", (msg) => ({
    domain: domainOf(msg.dom),
    recipient: names.nameOf(names.memoryFailureRecipients, msg.recipient),
    action: names.nameOf(names.memoryFailureActions, msg.action),
    actionRequired: (msg.flags & 1) !== 0,
    recursive: (msg.flags & 2) !== 0,
  })),
  memory_device_size_change: row(26, "domain_event_memory_device_size_change", (msg) => ({
    domain: domainOf(msg.dom),
    device: msg.alias,
    sizeKiB: msg.size,
  })),
};

type Rows = typeof domainEvents;
export type DomainEventKind = keyof Rows;
/** The event of each kind, with its kind: a union to switch over. */
export type DomainEvent<K extends DomainEventKind = DomainEventKind> = {
  [Kind in K]: { readonly kind: Kind } & Readonly<ReturnType<Rows[Kind]["decode"]>>;
}[K];
export const domainEventKinds = Object.keys(domainEvents) as readonly DomainEventKind[];
export type { TypedParams };
