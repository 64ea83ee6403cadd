import { z } from "zod";
import {
  type beginMaintenanceBody,
  type changeHostBody,
  type changePolicyBody,
  type changeVmBody,
  type DrainPreview,
  drainPreview,
  type FenceDeviceView,
  type fenceDeviceBody,
  fenceDeviceView,
  type HookView,
  type HostView,
  type hookBody,
  hookView,
  hostView,
  type IncidentView,
  incidentView,
  type MaintenanceView,
  maintenanceView,
  type PolicyView,
  policyView,
  type VmView,
  vmView,
} from "../contract/index.ts";
import type { FenceDeviceId, HookId, HostId, IncidentId, VmId } from "../model/index.ts";
import { call, type Result } from "./call.ts";

/** What pages ask to be changed. What is changed comes back over the socket too; pages show that. */

const api = (path: string) => `/api/v1${path}`;
const nothing = z.null();

/** `undefined` keeps a device or hook as new; an id replaces it. */
const put = (collection: string, single: string, id: string | undefined) =>
  id === undefined
    ? ({ path: api(collection), method: "POST" } as const)
    : ({ path: api(`${single}/${id}`), method: "PUT" } as const);

export const changeVm = (id: VmId, body: z.input<typeof changeVmBody>): Promise<Result<VmView>> =>
  call(api(`/vms/${id}`), { method: "PATCH", body, reply: vmView });

export const changeHost = (id: HostId, body: z.input<typeof changeHostBody>): Promise<Result<HostView>> =>
  call(api(`/hosts/${id}`), { method: "PATCH", body, reply: hostView });

export const putFenceDevice = (
  host: HostId,
  id: FenceDeviceId | undefined,
  body: z.input<typeof fenceDeviceBody>,
): Promise<Result<FenceDeviceView>> => {
  const { path, method } = put(`/hosts/${host}/fence-devices`, "/fence-devices", id);
  return call(path, { method, body, reply: fenceDeviceView });
};

export const removeFenceDevice = (id: FenceDeviceId): Promise<Result<null>> =>
  call(api(`/fence-devices/${id}`), { method: "DELETE", reply: nothing });

export const putHook = (id: HookId | undefined, body: z.input<typeof hookBody>): Promise<Result<HookView>> => {
  const { path, method } = put("/hooks", "/hooks", id);
  return call(path, { method, body, reply: hookView });
};

export const removeHook = (id: HookId): Promise<Result<null>> =>
  call(api(`/hooks/${id}`), { method: "DELETE", reply: nothing });

export const changePolicy = (body: z.input<typeof changePolicyBody>): Promise<Result<PolicyView>> =>
  call(api("/policy"), { method: "PATCH", body, reply: policyView });

export const fetchDrainPreview = (host: HostId): Promise<Result<DrainPreview>> =>
  call(api(`/hosts/${host}/maintenance/preview`), { reply: drainPreview });

export const beginMaintenance = (
  host: HostId,
  body: z.input<typeof beginMaintenanceBody>,
): Promise<Result<MaintenanceView>> =>
  call(api(`/hosts/${host}/maintenance`), { method: "POST", body, reply: maintenanceView });

export const endMaintenance = (host: HostId): Promise<Result<MaintenanceView>> =>
  call(api(`/hosts/${host}/maintenance`), { method: "DELETE", reply: maintenanceView });

export const approveIncident = (id: IncidentId): Promise<Result<IncidentView>> =>
  call(api(`/incidents/${id}/approve`), { method: "POST", reply: incidentView });

/** The asker has confirmed what it means. */
export const sayHostOff = (id: IncidentId): Promise<Result<IncidentView>> =>
  call(api(`/incidents/${id}/off`), { method: "POST", body: { confirm: true }, reply: incidentView });
