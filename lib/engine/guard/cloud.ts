import { type CloudPolicy, defaultPolicy, type FenceDevice, type Host, type HostId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { type HostFile, newFile } from "./host-file.ts";

/** The guard's picture of the cloud: the hosts with what is known of each, and what the provider has set. Read anew every few seconds. */
export class Cloud {
  readonly files = new Map<HostId, HostFile>();
  policy: CloudPolicy = defaultPolicy;
  devices: ReadonlyMap<HostId, readonly FenceDevice[]> = new Map();
  readonly #env: Env;
  #deathsMs: number[] | undefined;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  readonly #standsAnew: (host: Host) => void;

  constructor(env: Env, standsAnew: (host: Host) => void) {
    this.#env = env;
    this.#standsAnew = standsAnew;
  }

  /** How many hosts were found dead within the policy's window before now, those of a life before this one with them. */
  deaths(): number {
    const sinceMs = this.#env.clock.monotonicMs() - this.policy.stormWindowMs;
    this.#deathsMs = (this.#deathsMs ?? []).filter((at) => at > sinceMs);
    return this.#deathsMs.length;
  }

  addDeath(): void {
    this.#deathsMs?.push(this.#env.clock.monotonicMs());
  }

  /** Reads that begin after the call: many who ask at once share one. */
  read(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.read();
      });
    return this.#next;
  }

  async #read(): Promise<void> {
    const { store, clock, hypervisor } = this.#env;
    const [policy, devices, incidents, hosts] = await Promise.all([
      store.policy(),
      store.fenceDevices(),
      store.openHostIncidents(),
      store.hosts(),
    ]);
    this.policy = policy;
    if (this.#deathsMs === undefined) {
      // How long ago is known by the time of day alone, which may have been set since: they count as if they were of this moment.
      const before = await store.hostDeathsSince(clock.now() - policy.stormWindowMs);
      this.#deathsMs = before.map(() => clock.monotonicMs());
    }
    const byHost = new Map<HostId, FenceDevice[]>();
    for (const device of devices) byHost.set(device.hostId, [...(byHost.get(device.hostId) ?? []), device]);
    this.devices = byHost;
    const now = clock.monotonicMs();
    const incidentOf = new Map(incidents.map((incident) => [incident.hostId, incident]));
    const known = new Set(hosts.map((host) => host.id));
    for (const id of this.files.keys()) if (!known.has(id)) this.files.delete(id);
    for (const host of hosts) {
      const file = this.files.get(host.id) ?? newFile(host, now, hypervisor.heardAt(host.id));
      this.files.set(host.id, file);
      if (host.standing !== "fenced") file.fencedMark = undefined;
      else if (file.host.standing !== "fenced") file.fencedMark = file.heardMark;
      if (host.standing === "in-use") file.grantsStopped = false;
      const before = file.host.standing;
      file.host = host;
      if (before !== host.standing) this.#standsAnew(host);
      const incident = incidentOf.get(host.id);
      if (incident?.id !== file.incident?.id) {
        file.vainTries = 0;
        file.switchNotBeforeMs = Number.NEGATIVE_INFINITY;
      }
      file.incident = incident;
    }
  }
}
