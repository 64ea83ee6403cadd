import { isDeepStrictEqual } from "node:util";
import type { FenceStore } from "../../engine/ports.ts";
import {
  BelayError,
  type EpochMs,
  type Host,
  type HostId,
  hostHealths,
  hostStandings,
  mayBecome,
} from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import { putStanding } from "./standing.ts";
import { byText, hostName, needHost, policyOf, toleranceOf } from "./tables.ts";

type Fence = Pick<
  FenceStore,
  | "policy"
  | "fenceDevices"
  | "recordFenceTest"
  | "recordHealth"
  | "recordHelper"
  | "recordProtection"
  | "recordTolerance"
  | "recordStanding"
  | "fenceProof"
>;

const toleranceWords = (misfits: number) =>
  misfits === 0
    ? "Every VM would find room elsewhere if its host died now."
    : `${misfits} ${misfits === 1 ? "VM" : "VMs"} would not come back elsewhere if their host died now.`;

/** What the engine knows of power switches, and of whether a host lives. */
export function fence(parts: Parts): Fence {
  const { tables, log } = parts;
  /** Written and told only where it is news. A host that was removed is not written to. */
  function learn(id: HostId, at: EpochMs, news: Partial<Host>, words: string): void {
    const row = tables.hosts.get(id);
    if (row === undefined || row.removed) return;
    const host = { ...row.host, ...news };
    tables.hosts.set(id, { ...row, host });
    log.append(at, `Host ${host.name}: ${words}`, { kind: "host.changed", host });
  }
  const known = (id: HostId) => {
    const row = tables.hosts.get(id);
    return row?.removed ? undefined : row?.host;
  };

  return {
    policy: async () => policyOf(tables),
    fenceDevices: async () =>
      [...tables.fenceDevices.values()].sort(
        (a, b) => byText(a.hostId, b.hostId) || a.position - b.position || byText(a.id, b.id),
      ),

    /** Always news: when it was tested counts. */
    async recordFenceTest(id, { ok, words }, testedAt) {
      const before = tables.fenceDevices.get(id);
      if (before === undefined) return;
      const fenceDevice = { ...before, ok, words, testedAt };
      tables.fenceDevices.set(id, fenceDevice);
      const where = `Host ${hostName(tables, before.hostId)}, ${before.agent}`;
      log.append(testedAt, `${where}: ${words}`, { kind: "fence-device.changed", fenceDevice });
    },

    async recordHealth(id, health, at) {
      if (known(id)?.health !== health) learn(id, at, { health }, `${health}. ${hostHealths[health]}`);
    },

    /** When it last said the same is no news. */
    async recordHelper(id, helper, at) {
      const said = (report: Host["helper"] | undefined) => (report ? { ...report, reportedAt: 0 } : null);
      if (isDeepStrictEqual(said(known(id)?.helper), said(helper))) return;
      const words =
        helper === null
          ? "its helper is gone."
          : `its helper ${helper.version} is ${helper.connected ? "connected" : "not connected"}; watchdog: ${helper.watchdog}.`;
      learn(id, at, { helper }, words);
    },

    async recordProtection(id, { ok, words }, at) {
      if (!isDeepStrictEqual(known(id)?.protection, { ok, words })) learn(id, at, { protection: { ok, words } }, words);
    },

    async recordTolerance(list, at) {
      if (isDeepStrictEqual(toleranceOf(tables), list)) return;
      tables.settings.set("tolerance", { tolerance: list });
      const misfits = list.reduce((sum, host) => sum + host.misfits.length, 0);
      log.append(at, toleranceWords(misfits), { kind: "tolerance.changed", tolerance: list });
    },

    async recordStanding(id, standing, words, at, proof) {
      const { host } = needHost(tables, id);
      if (host.standing === standing) return host;
      if (!mayBecome(hostStandings, host.standing, standing))
        throw new BelayError("conflict", `Host ${host.name} is ${host.standing} and cannot become ${standing}.`);
      if (standing === "fenced" && proof === undefined)
        throw new BelayError("bad-input", `Host ${host.name} is fenced only with a proof.`);
      return putStanding(parts, id, { standing, words, proof }, at);
    },

    fenceProof: async (id) => (known(id)?.standing === "fenced" ? tables.hosts.get(id)?.fenceProof : undefined),
  };
}
