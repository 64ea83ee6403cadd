import { isDeepStrictEqual } from "node:util";
import type { ProviderStore } from "../../engine/ports.ts";
import { BelayError, type Evidence, type FenceDevice, type Host, type Incident } from "../../model/index.ts";
import { audit, emitIncident, type Parts } from "./parts.ts";
import { hostName, incidentOf, isOpenIncident, need, needHost, policyOf } from "./tables.ts";

type Provider = Pick<
  ProviderStore,
  | "changePolicy"
  | "changeHost"
  | "putFenceDevice"
  | "removeFenceDevice"
  | "putHook"
  | "removeHook"
  | "approve"
  | "sayOff"
>;

const hostChoices = { rack: "rack", sharedPaths: "shared directories", faultInjection: "fault injection" } as const;

/** What of `to` is said and differs from what is so. */
const news = <T extends object>(before: object, to: T): Partial<T> => {
  const said: Partial<T> = { ...to };
  for (const [name, value] of Object.entries(to))
    if (value === undefined || isDeepStrictEqual(Reflect.get(before, name), value)) Reflect.deleteProperty(said, name);
  return said;
};

/** What the provider sets and answers. */
export function provider(parts: Parts): Provider {
  const { tables, log } = parts;

  function findOpen(id: Incident["id"]) {
    const row = need(tables.incidents, id, "incident");
    if (!isOpenIncident(row)) throw new BelayError("conflict", `Incident ${id} has ended: ${row.words}`);
    return row;
  }
  const heard = (known: readonly Evidence[], at: number, words: string): Evidence[] => [
    ...known,
    { at, source: "operator", words, audience: "provider" },
  ];

  return {
    async changePolicy(to, by, at) {
      const said = news(policyOf(tables), to);
      const names = Object.keys(said);
      if (names.length === 0) return policyOf(tables);
      const policy = { ...policyOf(tables), ...said };
      tables.settings.set("policy", { policy });
      audit(parts, by, at, "policy.change", "policy");
      const words = `The policy was changed by ${by.name}: ${names.join(", ")}.`;
      log.append(at, words, { kind: "policy.changed", policy });
      parts.wake("hosts");
      return policy;
    },

    async changeHost(id, { rack, sharedPaths, faultInjection }, by, at) {
      const row = needHost(tables, id);
      const said = news(row.host, { rack, sharedPaths, faultInjection });
      const names = (["rack", "sharedPaths", "faultInjection"] as const).filter((name) => name in said);
      if (names.length === 0) return row.host;
      const host: Host = {
        ...row.host,
        rack: rack === undefined ? row.host.rack : rack,
        sharedPaths: sharedPaths ?? row.host.sharedPaths,
        faultInjection: faultInjection ?? row.host.faultInjection,
      };
      tables.hosts.set(id, { ...row, host });
      audit(parts, by, at, "host.change", id);
      const what = names.map((name) => hostChoices[name]).join(", ");
      log.append(at, `Host ${host.name}: ${what} changed by ${by.name}.`, { kind: "host.changed", host });
      parts.wake("hosts");
      return host;
    },

    async putFenceDevice({ id, hostId, position, agent, options, timeoutMs }, by, at) {
      const { host } = needHost(tables, hostId);
      const untested = { testedAt: null, ok: false, words: "Not tested yet." };
      const fenceDevice: FenceDevice = { id, hostId, position, agent, options, timeoutMs, ...untested };
      tables.fenceDevices.set(id, fenceDevice);
      audit(parts, by, at, "fence-device.put", id);
      const words = `Host ${host.name}: fence device ${position}, ${agent}, was set by ${by.name}.`;
      log.append(at, words, { kind: "fence-device.changed", fenceDevice });
      parts.wake("hosts");
      return fenceDevice;
    },

    async removeFenceDevice(id, by, at) {
      const { hostId, position, agent } = need(tables.fenceDevices, id, "fence device");
      tables.fenceDevices.delete(id);
      audit(parts, by, at, "fence-device.remove", id);
      const words = `Host ${hostName(tables, hostId)}: fence device ${position}, ${agent}, was removed by ${by.name}.`;
      log.append(at, words, { kind: "fence-device.removed", fenceDeviceId: id });
      parts.wake("hosts");
    },

    async putHook(hook, by, at) {
      const known = tables.hooks.get(hook.id);
      if (known && isDeepStrictEqual(known, hook)) return known;
      tables.hooks.set(hook.id, hook);
      audit(parts, by, at, "hook.put", hook.id);
      const words = `Hook ${hook.program} for "${hook.cause}" was set by ${by.name}.`;
      log.append(at, words, { kind: "hook.changed", hook });
      parts.wake("hosts");
      return hook;
    },

    async removeHook(id, by, at) {
      const { program, cause } = need(tables.hooks, id, "hook");
      tables.hooks.delete(id);
      audit(parts, by, at, "hook.remove", id);
      log.append(at, `Hook ${program} for "${cause}" was removed by ${by.name}.`, { kind: "hook.removed", hookId: id });
      parts.wake("hosts");
    },

    async approve(id, by, at) {
      const row = findOpen(id);
      if (row.awaits === null) throw new BelayError("conflict", `Incident ${id} awaits no answer.`);
      const words = `${by.name} approved: Belay goes on.`;
      const next = { ...row, awaits: null, evidence: heard(row.evidence, at, words) };
      tables.incidents.set(id, next);
      audit(parts, by, at, "incident.approve", id);
      emitIncident(parts, id, at, `Host ${hostName(tables, row.hostId)}: ${words}`);
      parts.wake("hosts");
      return incidentOf(tables, next);
    },

    async sayOff(id, by, at) {
      const row = findOpen(id);
      if (row.vmId !== null)
        throw new BelayError("bad-input", `Incident ${id} is a VM's: only a host can be said to be off.`);
      if (tables.saidOff.has(id)) return incidentOf(tables, row);
      const words = `${by.name} says that the host is off and stays off.`;
      const next = { ...row, evidence: heard(row.evidence, at, words) };
      tables.incidents.set(id, next);
      tables.saidOff.set(id, { by: by.name, at });
      audit(parts, by, at, "incident.say-off", id);
      emitIncident(parts, id, at, `Host ${hostName(tables, row.hostId)}: ${words}`);
      parts.wake("hosts");
      return incidentOf(tables, next);
    },
  };
}
