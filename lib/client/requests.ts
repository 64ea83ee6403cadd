import { z } from "zod";
import {
  type CloudView,
  cloudView,
  type IncidentView,
  type IntentView,
  incidentList,
  incidentView,
  intentAccepted,
  intentView,
  type TrafficSample,
  trafficList,
} from "../contract/index.ts";
import type { ApplicationId, IncidentId, IntentId, VmId } from "../model/index.ts";
import { call, type Result } from "./call.ts";

/** What pages ask of the server, one function each. */

const api = (path: string) => `/api/v1${path}`;
const mapped = async <A, B>(result: Promise<Result<A>>, to: (value: A) => B): Promise<Result<B>> => {
  const it = await result;
  return it.ok ? { ok: true, value: to(it.value) } : it;
};

export const fetchCloud = (signal?: AbortSignal): Promise<Result<CloudView>> =>
  call(api("/cloud"), { reply: cloudView, ...(signal && { signal }) });

/** Newest first. */
export const fetchIncidents = (limit: number): Promise<Result<readonly IncidentView[]>> =>
  mapped(call(api(`/incidents?limit=${limit}`), { reply: incidentList }), (it) => it.incidents);

export const fetchIncident = (id: IncidentId): Promise<Result<IncidentView>> =>
  call(api(`/incidents/${id}`), { reply: incidentView });

/** The application's last `seconds` of traffic, oldest first. */
export const fetchTraffic = (id: ApplicationId, seconds: number): Promise<Result<readonly TrafficSample[]>> =>
  mapped(call(api(`/applications/${id}/traffic?seconds=${seconds}`), { reply: trafficList }), (it) => it.samples);

export interface KillRequest {
  readonly vmId: VmId;
  /** The run that the person saw. A later run of the VM is left alone. */
  readonly runId: number;
  /** Made when the dialog opens: sent twice, it is one kill. */
  readonly idempotencyKey: string;
}

export const killVm = (request: KillRequest): Promise<Result<IntentId>> =>
  mapped(
    call(api(`/vms/${request.vmId}/kill`), {
      method: "POST",
      body: { runId: request.runId },
      headers: { "idempotency-key": request.idempotencyKey },
      reply: intentAccepted,
    }),
    (it) => it.intentId,
  );

export const fetchIntent = (id: IntentId): Promise<Result<IntentView>> =>
  call(api(`/intents/${id}`), { reply: intentView });

// ---- session (better-auth's own routes; their errors are `{message}`, not Belay's) -----------------------------------------

const authMessage = z.object({ code: z.string().optional(), message: z.string().optional() });

async function auth(
  path: string,
  body: unknown,
  /** What is said in other words than the server's, by its code or status. */
  ownWords: Readonly<Record<string, string>>,
): Promise<{ ok: true } | { ok: false; message: string }> {
  try {
    const response = await fetch(`/api/auth${path}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) return { ok: true };
    const said = authMessage.safeParse(await response.json().catch(() => ({})));
    if (response.status === 429) return { ok: false, message: "Too many tries. Wait a minute, then try again." };
    const { code = "", message } = said.success ? said.data : {};
    const words = ownWords[code] ?? ownWords[response.status] ?? message;
    return { ok: false, message: words ?? `The server answered with status ${response.status}.` };
  } catch {
    return { ok: false, message: "The server cannot be reached. Check that it runs, then try again." };
  }
}

export const signIn = (email: string, password: string) =>
  auth("/sign-in/email", { email, password }, { 401: "E-mail or password is wrong." });
/** Who is signed in changes their own password. Their other sessions end. */
export const changePassword = (currentPassword: string, newPassword: string) =>
  auth(
    "/change-password",
    { currentPassword, newPassword, revokeOtherSessions: true },
    { INVALID_PASSWORD: "The password now is another one.", 401: "You are not signed in any more." },
  );
export const signOut = () => auth("/sign-out", {}, {});
