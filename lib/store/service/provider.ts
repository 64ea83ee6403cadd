import { isDeepStrictEqual } from "node:util";
import type { ProviderStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import { engineFence } from "../engine/fence.ts";
import { engineRelocation } from "../engine/relocation.ts";
import { findHost } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toHost } from "../rows/host.ts";
import { toFenceDevice, toHook, toPolicy } from "../rows/provider.ts";
import { audit } from "./audit.ts";

type ProviderPart = Pick<
  ProviderStore,
  | "policy"
  | "changePolicy"
  | "changeHost"
  | "fenceDevices"
  | "putFenceDevice"
  | "removeFenceDevice"
  | "hooks"
  | "putHook"
  | "removeHook"
>;

/** How the choices of a host are named in a sentence. */
const hostChoices = { rack: "rack", sharedPaths: "shared directories", faultInjection: "fault injection" } as const;
const hostChoiceNames = ["rack", "sharedPaths", "faultInjection"] as const;

type Changes = Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;

/** What of `to` is said and differs from what is so. */
const differences = (before: object, to: object): Changes =>
  Object.fromEntries(
    Object.entries(to)
      .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(Reflect.get(before, name), value))
      .map(([name, value]) => [name, { from: Reflect.get(before, name), to: value }]),
  );

/** What the provider sets for the whole cloud, for hosts and for failures. */
export const serviceProvider = (parts: Parts): ProviderPart => {
  const { write, ids } = parts;
  const { policy, fenceDevices } = engineFence(parts);
  return {
    policy,
    fenceDevices,
    hooks: engineRelocation(parts).hooks,

    changePolicy: (to, by, at) =>
      write(async (tx) => {
        const row = await tx.db.policy.findUnique({ where: { id: 1 } });
        const before = toPolicy(row);
        const details = differences(before, to);
        if (Object.keys(details).length === 0) return before;
        const said = Object.fromEntries(Object.entries(details).map(([name, change]) => [name, change.to]));
        const set = toJson({ ...(row === null ? {} : Object(row.set)), ...said });
        const policy = toPolicy(
          await tx.db.policy.upsert({ where: { id: 1 }, create: { id: 1, set }, update: { set } }),
        );
        await audit(tx, ids, by, at, { action: "policy.change", subject: "policy", details });
        tx.emit(at, `The policy was changed by ${by.name}: ${Object.keys(details).join(", ")}.`, {
          kind: "policy.changed",
          policy,
        });
        tx.wake("hosts");
        return policy;
      }),

    changeHost: (id, to, by, at) =>
      write(async (tx) => {
        const before = toHost(await findHost(tx.db, id));
        const { rack, sharedPaths, faultInjection } = to;
        const details = differences(before, { rack, sharedPaths, faultInjection });
        if (Object.keys(details).length === 0) return before;
        const data = {
          rack,
          faultInjection,
          ...(sharedPaths === undefined ? {} : { sharedPaths: [...sharedPaths] }),
        };
        const host = toHost(await tx.db.host.update({ where: { id }, data }));
        await audit(tx, ids, by, at, { action: "host.change", subject: id, details });
        const what = hostChoiceNames.filter((name) => details[name] !== undefined).map((name) => hostChoices[name]);
        tx.emit(at, `Host ${host.name}: ${what.join(", ")} changed by ${by.name}.`, { kind: "host.changed", host });
        tx.wake("hosts");
        return host;
      }),

    putFenceDevice: (device, by, at) =>
      write(async (tx) => {
        const { id, hostId, position, agent, options, timeoutMs } = device;
        const host = await findHost(tx.db, hostId);
        const data = { hostId, position, agent, options: { ...options }, timeoutMs };
        const untested = { testedAt: null, ok: false, words: "Not tested yet." };
        const row = await tx.db.fenceDevice.upsert({
          where: { id },
          create: { id, ...data, ...untested },
          update: { ...data, ...untested },
        });
        // The names of the options alone: their values may open a power switch.
        const details = { hostId, position, agent, timeoutMs, options: Object.keys(options).sort() };
        await audit(tx, ids, by, at, { action: "fence-device.put", subject: id, details });
        const fenceDevice = toFenceDevice(row);
        tx.emit(at, `Host ${host.name}: fence device ${position}, ${agent}, was set by ${by.name}.`, {
          kind: "fence-device.changed",
          fenceDevice,
        });
        tx.wake("hosts");
        return fenceDevice;
      }),

    removeFenceDevice: (id, by, at) =>
      write(async (tx) => {
        const row = await tx.db.fenceDevice.findUnique({ where: { id }, include: { host: true } });
        if (row === null) throw new BelayError("not-found", `There is no fence device ${id}.`);
        await tx.db.fenceDevice.delete({ where: { id } });
        const { hostId, position, agent } = row;
        await audit(tx, ids, by, at, {
          action: "fence-device.remove",
          subject: id,
          details: { hostId, position, agent },
        });
        tx.emit(at, `Host ${row.host.name}: fence device ${position}, ${agent}, was removed by ${by.name}.`, {
          kind: "fence-device.removed",
          fenceDeviceId: id,
        });
        tx.wake("hosts");
      }),

    putHook: (hook, by, at) =>
      write(async (tx) => {
        const { id, program, args, cause, timeoutMs, role, enabled } = hook;
        const known = await tx.db.hook.findUnique({ where: { id } });
        if (known !== null && isDeepStrictEqual(toHook(known), { ...hook, args: [...args] })) return toHook(known);
        const data = { program, args: [...args], cause, timeoutMs, role, enabled };
        const made = toHook(await tx.db.hook.upsert({ where: { id }, create: { id, ...data }, update: data }));
        // Without its arguments: they may hold what is nobody else's.
        const details = { program, cause, timeoutMs, role, enabled };
        await audit(tx, ids, by, at, { action: "hook.put", subject: id, details });
        tx.emit(at, `Hook ${program} for "${cause}" was set by ${by.name}.`, { kind: "hook.changed", hook: made });
        tx.wake("hosts");
        return made;
      }),

    removeHook: (id, by, at) =>
      write(async (tx) => {
        const row = await tx.db.hook.findUnique({ where: { id } });
        if (row === null) throw new BelayError("not-found", `There is no hook ${id}.`);
        await tx.db.hook.delete({ where: { id } });
        const { program, cause } = row;
        await audit(tx, ids, by, at, { action: "hook.remove", subject: id, details: { program, cause } });
        tx.emit(at, `Hook ${program} for "${cause}" was removed by ${by.name}.`, { kind: "hook.removed", hookId: id });
        tx.wake("hosts");
      }),
  };
};
