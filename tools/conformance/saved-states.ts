import { z } from "zod";
import {
  type CheckpointView,
  checkpointId,
  type IncidentView,
  incidentId,
  intentId,
  repairId,
  restoreBesideBody,
  restoreCheckpointBody,
  type VmView,
} from "../../lib/contract/index.ts";
import { application, organization, vms } from "./ids.ts";

/** The provider's routes for saved states on call: one is there, and each call is carried out a few looks later. */

export interface Called {
  readonly call: "take" | "restore" | "restore-beside";
  readonly key: string;
}

/** What becomes of calls; a case sets it before its manager asks. */
export interface SavedStates {
  /** So many calls are answered by 503 first. */
  busyTimes: number;
  /** Refused for good. */
  refusal: { readonly status: number; readonly code: string; readonly message: string } | null;
  /** How the intent ends. */
  ok: boolean;
  /** How the repair ends that a call to go back opens. */
  repaired: boolean;
  /** Whether somebody has read the end of what was called for. */
  readonly endRead: () => boolean;
  answer(
    method: string,
    route: string,
    key: string | undefined,
    body: unknown,
  ): { readonly status: number; readonly body: unknown } | undefined;
}

/** Looks at an intent, or an incident, before it has ended. */
const looksBefore = 2;
const fixed = (n: number) => `c0nf0rmance${n}`.padEnd(20, "0");
const saved: CheckpointView = {
  ...{ id: checkpointId.parse(`ckp_${fixed(1)}`), vmId: vms.one.id, at: Date.now() - 60_000, method: "background" },
  ...{ state: "valid", generation: 1, runId: 1, pauseMs: 10, tookMs: 500, verifiedAt: null, kept: true },
  ...{ wholeBytes: 64_000_000, changedBytes: 1_000_000, storedBytes: 500_000, words: "Saved while it ran." },
};
export const savedId = saved.id;

const vmOf = ({ id, name }: (typeof vms)["one"]): VmView => ({
  ...{ id, name, hostId: null, organizationId: organization, applicationId: application.id, imageId: null },
  ...{ uuid: "00000000-0000-4000-8000-000000000000", memoryMiB: 64, vcpus: 1, wanted: "running", state: "running" },
  ...{ reason: "none", stateSince: 0, runId: 1, persistent: true, answerCheck: { kind: "agent" }, consent: "notify" },
  ...{ generation: 1, movingTo: null, priority: 5, apart: null, together: null, rollbackIntolerant: false },
  ...{ diskPaths: [], checkpointEveryMs: null, standby: false, checkpointGroup: null, address: "198.18.9.1" },
});

const bodies = { take: z.undefined(), restore: restoreCheckpointBody, "restore-beside": restoreBesideBody } as const;

export function savedStates(note: (called: Called) => void, wrong: (words: string) => void): SavedStates {
  const intent = intentId.parse(`int_${fixed(1)}`);
  let called: Called["call"] | undefined;
  let looks = { intent: 0, incident: 0 };
  let endRead = false;
  const refused = (status: number, code: string, message: string) => ({ status, body: { error: { code, message } } });

  function incident(): IncidentView {
    const ended = looks.incident++ >= looksBefore;
    endRead ||= ended;
    const at = Date.now();
    const id = incidentId.parse(`inc_${fixed(1)}`);
    const words = it.repaired ? "It was restored, and answers." : "It cannot be restored. The VM was not touched.";
    return {
      ...{ id, layer: "vm", cause: "called-restore", certainty: "certain", hostId: null, vmId: vms.one.id },
      ...{ state: ended ? (it.repaired ? "repaired" : "cleared") : "repairing", partOf: null, awaits: null },
      ...{ organizationId: organization, applicationId: application.id, tp: at, tpSource: "event", td: at, tr: null },
      ...{ endedAt: ended ? at : null, words: "A saved state was called for.", evidence: [] },
      repairs: [
        {
          ...{ id: repairId.parse(`rep_${fixed(1)}`), incidentId: id, vmId: vms.one.id, plannedAt: at, words },
          ...{ technique: "assisted-restart", finishedAt: ended ? at : null, steps: [] },
          state: ended ? (it.repaired ? "succeeded" : "handed-over") : "running",
        },
      ],
    };
  }

  function call(which: Called["call"], key: string | undefined, body: unknown) {
    if (key === undefined) {
      wrong(`${which} without an Idempotency-Key`);
      return refused(400, "bad-input", "Idempotency-Key is required.");
    }
    const read = bodies[which].safeParse(body);
    if (!read.success) {
      wrong(`${which} with another body than the protocol's: ${read.error.issues[0]?.message}`);
      return refused(400, "bad-input", "not the protocol's form");
    }
    note({ call: which, key });
    if (it.refusal !== null) return refused(it.refusal.status, it.refusal.code, it.refusal.message);
    if (it.busyTimes-- > 0) return refused(503, "not-available", "Try again.");
    called = which;
    looks = { intent: 0, incident: 0 };
    return { status: 202, body: { intentId: intent } };
  }

  const it: SavedStates = {
    busyTimes: 0,
    refusal: null,
    ok: true,
    repaired: true,
    endRead: () => endRead,
    answer(method, route, key, body) {
      const path = route.split("?")[0] ?? "";
      if (method === "GET" && path === "/vms") return { status: 200, body: { vms: [vms.one, vms.two].map(vmOf) } };
      if (path === `/vms/${vms.one.id}/checkpoints`) {
        if (method === "POST") return call("take", key, body);
        const limits = { leastMs: 1_000, mostMs: 86_400_000 };
        return { status: 200, body: { checkpoints: [saved], status: null, limits, caveats: [] } };
      }
      if (method === "POST" && path === `/checkpoints/${saved.id}/restore`) return call("restore", key, body);
      if (method === "POST" && path === `/checkpoints/${saved.id}/restore-beside`)
        return call("restore-beside", key, body);
      if (method === "GET" && path === "/incidents")
        return {
          status: 200,
          body: { incidents: called === "restore" && it.ok && looks.intent > looksBefore ? [incident()] : [] },
        };
      if (method !== "GET" || path !== `/intents/${intent}` || called === undefined) return undefined;
      const ended = looks.intent++ >= looksBefore;
      endRead ||= ended && (called !== "restore" || !it.ok);
      const words = it.ok ? "It is done." : "It has a failure that is not over. Nothing was done.";
      return { status: 200, body: { intentId: intent, ended, ok: ended && it.ok, words } };
    },
  };
  return it;
}
