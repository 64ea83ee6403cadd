import { isDeepStrictEqual } from "node:util";
import type { FenceStore } from "../../engine/ports.ts";
import { BelayError, type EpochMs, type HostId, hostHealths, hostStandings, mayBecome } from "../../model/index.ts";
import { findHost } from "../find.ts";
import { Prisma } from "../generated/client.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { present, toFenceProof, toHost } from "../rows/host.ts";
import { instant } from "../rows/narrow.ts";
import { readFenceDevices, toFenceDevice, toPolicy, toTolerance } from "../rows/provider.ts";
import { putStanding } from "./standing.ts";

type FencePart = Pick<
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

/** What would be lost with a host, in one sentence. */
export const toleranceWords = (misfits: number): string =>
  misfits === 0
    ? "Every VM would find room elsewhere if its host died now."
    : `${misfits} ${misfits === 1 ? "VM" : "VMs"} would not come back elsewhere if their host died now.`;

/** What the engine knows of power switches, and of whether a host lives. */
export const engineFence = ({ database, write }: Parts): FencePart => {
  type Told = ReturnType<typeof toHost>;
  /** One more thing that was learned of a host: written and told only where it is news. A host that was removed is not written to. */
  async function learn(
    id: HostId,
    at: EpochMs,
    isNews: (host: Told) => boolean,
    data: Prisma.HostUpdateInput,
    words: string,
  ): Promise<void> {
    const known = await database.host.findFirst({ where: { id, ...present } });
    if (known === null || !isNews(toHost(known))) return; // no lock of all writes for what is known
    await write(async ({ db, emit }) => {
      const before = await db.host.findFirst({ where: { id, ...present } });
      if (before === null || !isNews(toHost(before))) return;
      const host = toHost(await db.host.update({ where: { id }, data }));
      emit(at, `Host ${host.name}: ${words}`, { kind: "host.changed", host });
    });
  }

  return {
    policy: async () => toPolicy(await database.policy.findUnique({ where: { id: 1 } })),

    fenceDevices: () => readFenceDevices(database),

    /** Always news: when it was tested counts. A device that was removed meanwhile is not written to. */
    recordFenceTest: (id, { ok, words }, at) =>
      write(async ({ db, emit }) => {
        const before = await db.fenceDevice.findUnique({ where: { id }, include: { host: true } });
        if (before === null) return;
        const data = { ok, words, testedAt: instant(at) };
        const fenceDevice = toFenceDevice(await db.fenceDevice.update({ where: { id }, data }));
        emit(at, `Host ${before.host.name}, ${before.agent}: ${words}`, { kind: "fence-device.changed", fenceDevice });
      }),

    recordHealth: (id, health, at) =>
      learn(id, at, (host) => host.health !== health, { health }, `${health}. ${hostHealths[health]}`),

    /** When it last said the same is no news. */
    recordHelper(id, report, at) {
      const said = (helper: Told["helper"]) => (helper === null ? null : { ...helper, reportedAt: 0 });
      const words =
        report === null
          ? "its helper is gone."
          : `its helper ${report.version} is ${report.connected ? "connected" : "not connected"}; watchdog: ${report.watchdog}.`;
      const helper = report === null ? Prisma.DbNull : toJson(report);
      return learn(id, at, (host) => !isDeepStrictEqual(said(host.helper), said(report)), { helper }, words);
    },

    recordProtection: (id, { ok, words }, at) =>
      learn(
        id,
        at,
        (host) => host.protection.ok !== ok || host.protection.words !== words,
        { protectionOk: ok, protectionWords: words },
        words,
      ),

    async recordTolerance(tolerance, at) {
      const known = toTolerance(await database.toleranceList.findUnique({ where: { id: 1 } }));
      if (isDeepStrictEqual(known, tolerance)) return;
      await write(async ({ db, emit }) => {
        const before = toTolerance(await db.toleranceList.findUnique({ where: { id: 1 } }));
        if (isDeepStrictEqual(before, tolerance)) return;
        const list = toJson(tolerance);
        await db.toleranceList.upsert({ where: { id: 1 }, create: { id: 1, list }, update: { list } });
        const misfits = tolerance.reduce((sum, host) => sum + host.misfits.length, 0);
        emit(at, toleranceWords(misfits), { kind: "tolerance.changed", tolerance });
      });
    },

    recordStanding: (id, standing, words, at, proof) =>
      write(async (tx) => {
        const host = toHost(await findHost(tx.db, id));
        if (host.standing === standing) return host;
        if (!mayBecome(hostStandings, host.standing, standing))
          throw new BelayError("conflict", `Host ${host.name} is ${host.standing} and cannot become ${standing}.`);
        if (standing === "fenced" && proof === undefined)
          throw new BelayError("bad-input", `Host ${host.name} is fenced only with a proof.`);
        return putStanding(tx, id, { standing, words, proof }, at);
      }),

    async fenceProof(id) {
      const row = await database.host.findFirst({ where: { id, ...present } });
      return row === null ? undefined : toFenceProof(row);
    },
  };
};
