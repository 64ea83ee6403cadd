import type { CollaborationServiceStore } from "../../engine/ports.ts";
import {
  type ApplicationId,
  BelayError,
  type ConversationMessage,
  defaultAgreement,
  defaultPolicy,
  type IncidentId,
  idSource,
  type MessageId,
  type OrganizationId,
  type ProviderMessage,
  type SensorReport,
} from "../../model/index.ts";
import type { ConversationStore } from "../ports.ts";

/** For tests: a conversation in memory, as far as the room asks the store. The real store's rules are lib/store's, and tested there. */

let drawn = 0;
export const ids = idSource(
  () => 1_700_000_000_000 + drawn,
  () => (drawn++ % 97) / 97,
);

type Endpoint = Awaited<ReturnType<CollaborationServiceStore["endpoints"]>>[number];
type Lease = { instance: string; name: string; epoch: number; until: number };

export const said = (words: string): ProviderMessage => ({
  kind: "repair.changed",
  repair: ids.next("rep"),
  vm: { id: ids.next("vm"), name: "db-1" },
  state: "waiting",
  words,
});

export function fakeConversation() {
  const messages: ConversationMessage[] = [];
  const leases = new Map<OrganizationId, Lease>();
  const applications = new Map<ApplicationId, OrganizationId>();
  const endpoints = new Map<OrganizationId, Endpoint>();
  const reports: SensorReport[] = [];
  const deliveries: string[] = [];
  const wakes = new Set<() => void>();
  let policy = defaultPolicy;
  let isAway = false;

  const answer = <T>(value: T): T => {
    if (isAway) throw new Error("the database is away");
    return value;
  };
  const lives = (lease: Lease | undefined, at: number) => lease !== undefined && lease.until > at;
  const standing = (organizationId: OrganizationId, lease: Lease, at: number) => ({
    ...{ organizationId, instance: lease.instance, name: lease.name, version: "1", epoch: lease.epoch },
    ...{ connected: lives(lease, at), since: 0, heardAt: at },
  });

  const store: ConversationStore = {
    async claimManager({ organizationId, instance, name }, leaseMs, at) {
      const held = answer(leases.get(organizationId));
      if (held !== undefined && lives(held, at) && held.instance !== instance)
        return { active: false, epoch: held.epoch };
      const same = held !== undefined && lives(held, at);
      const epoch = same ? held.epoch : (held?.epoch ?? 0) + 1;
      leases.set(organizationId, { instance, name, epoch, until: at + leaseMs });
      return { active: true, epoch };
    },
    async releaseManager(organizationId, instance, at) {
      const held = leases.get(organizationId);
      if (held?.instance === instance) held.until = at;
    },
    managers: async () => [...leases].map(([id, lease]) => standing(id, lease, Date.now())),
    recordSensors: async (report) => void answer(reports).push(report),
    undelivered: async (organizationId, limit) =>
      answer(messages)
        .filter((it) => it.organizationId === organizationId && it.from === "provider" && it.receivedAt === null)
        .slice(0, limit),
    async recordReceived(organizationId, id, at) {
      const index = messages.findIndex((it) => it.id === id && it.organizationId === organizationId);
      const message = messages[index];
      if (message?.from === "provider") messages[index] = { ...message, receivedAt: message.receivedAt ?? at };
    },
    async hear({ id, organizationId, epoch, message, by }, at) {
      const known = answer(messages).find((it) => it.id === id);
      if (known !== undefined) return known;
      const lease = leases.get(organizationId);
      if (lease === undefined || lease.epoch !== epoch || !lives(lease, at))
        throw new BelayError("conflict", "Another manager is active.", { field: "epoch", cure: "Connect again." });
      const sequence = messages.filter((it) => it.from === "customer").length + 1;
      const repairId = "repair" in message ? message.repair : null;
      const heard = {
        id,
        organizationId,
        incidentId: null,
        repairId,
        sequence,
        at,
        from: "customer",
        message,
        by,
      } as const;
      messages.push(heard);
      return heard;
    },
    onSayings(wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    endpoints: async () => [...endpoints.values()],
    async recordDelivery(organizationId, found, at) {
      const endpoint = endpoints.get(organizationId);
      if (endpoint !== undefined) endpoints.set(organizationId, { ...endpoint, gone: false, ...found, triedAt: at });
      deliveries.push(found.words);
    },
    applications: async () =>
      [...applications].map(([id, organizationId]) => ({
        ...{ id, organizationId, name: "shop", mode: "collaborative", checkpointEveryMs: null },
        agreement: defaultAgreement,
      })),
    vm: async () => undefined,
    hosts: async () => [],
    policy: async () => policy,
  };

  return {
    store,
    messages,
    reports,
    deliveries,
    endpoints,
    /** `quietly`: the wake is lost on its way. */
    say(
      organizationId: OrganizationId,
      words: string,
      more: { incidentId?: IncidentId | null; quietly?: boolean } = {},
    ): MessageId {
      const { incidentId = null, quietly = false } = more;
      const thread = messages.filter((it) => it.from === "provider" && it.incidentId === incidentId);
      const id = ids.next("msg");
      messages.push({
        ...{ id, organizationId, incidentId, repairId: null, sequence: thread.length + 1, at: Date.now() },
        ...{ from: "provider", message: said(words), receivedAt: null },
      });
      if (!quietly) for (const wake of wakes) wake();
      return id;
    },
    application(organizationId: OrganizationId): ApplicationId {
      const id = ids.next("app");
      applications.set(id, organizationId);
      return id;
    },
    allow(endpointNetworks: readonly string[]) {
      policy = { ...policy, endpointNetworks };
    },
    epochOf: (organizationId: OrganizationId) => leases.get(organizationId)?.epoch,
    away(is: boolean) {
      isAway = is;
    },
  };
}
export type FakeConversation = ReturnType<typeof fakeConversation>;
