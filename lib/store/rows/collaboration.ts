import { z } from "zod";
import {
  type ApiKey,
  type CustomerMessage,
  type Endpoint,
  type Image,
  keyScopes,
  type ManagerStanding,
  type ProviderMessage,
  type Sensor,
  type SensorReport,
  sensorKinds,
  sensorStates,
} from "../../model/index.ts";
import type {
  ApiKey as ApiKeyRow,
  Endpoint as EndpointRow,
  Image as ImageRow,
  ManagerClaim as ManagerRow,
  ConversationMessage as MessageRow,
  SensorReport as SensorReportRow,
} from "../generated/client.ts";
import { epochMs, epochMsOrNull, idOf, idOrNull, keyOf, oneOf } from "./narrow.ts";

const boot = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("disk") }),
  z.object({ kind: z.literal("kernel"), kernel: z.string(), initrd: z.string(), commandLine: z.string() }),
]) satisfies z.ZodType<Image["boot"]>;

export const toImage = (row: ImageRow): Image => ({
  id: idOf("img", row.id),
  name: row.name,
  sha256: row.sha256,
  sizeBytes: Number(row.sizeBytes),
  path: row.path,
  format: oneOf(["qcow2", "raw"], row.format, "image.format"),
  boot: boot.parse(row.boot),
  words: row.words,
});

export const toApiKey = (row: ApiKeyRow): ApiKey => ({
  id: idOf("key", row.id),
  organizationId: idOf("org", row.organizationId),
  name: row.name,
  scopes: row.scopes.map((scope) => keyOf(keyScopes, scope, "api_key.scopes")),
  createdAt: epochMs(row.createdAt),
  lastUsedAt: epochMsOrNull(row.lastUsedAt),
  revokedAt: epochMsOrNull(row.revokedAt),
});

export const toEndpoint = (row: EndpointRow): Endpoint & { readonly secret: string } => ({
  organizationId: idOf("org", row.organizationId),
  url: row.url,
  secret: row.secret,
  words: row.words,
  ok: row.ok,
  gone: row.gone,
  triedAt: epochMsOrNull(row.triedAt),
});

/** `connected` until it said that it goes: whoever reads it with a clock looks at `heardAt` too. */
export const toManager = (row: ManagerRow): ManagerStanding => ({
  organizationId: idOf("org", row.organizationId),
  instance: row.instance,
  name: row.name,
  version: row.version,
  epoch: row.epoch,
  connected: row.releasedAt === null,
  byEndpoint: row.byEndpoint,
  since: epochMs(row.since),
  heardAt: epochMs(row.heardAt),
});

const vmId = z
  .string()
  .transform((text) => idOf("vm", text))
  .nullable();
const sensorList = z.array(
  z.object({
    name: z.string(),
    kind: z.enum(sensorKinds),
    server: z.string().nullable(),
    vmId,
    fromVmId: vmId,
    state: z.enum(sensorStates),
    since: z.number(),
    words: z.string(),
  }),
) satisfies z.ZodType<Sensor[]>;

export const toSensorReport = (row: SensorReportRow): SensorReport => ({
  organizationId: idOf("org", row.organizationId),
  applicationId: idOf("app", row.applicationId),
  reportedAt: epochMs(row.reportedAt),
  sensors: sensorList.parse(row.sensors),
});

const providerKinds: Record<ProviderMessage["kind"], true> = {
  ...{ "vm.failed": true, "repair.proposed": true, "vm.restarted": true, "repair.changed": true },
  ...{ "diagnosis.asked": true, "diagnosis.answered": true },
  ...{ "maintenance.announced": true, "maintenance.ended": true },
};
const customerKinds: Record<CustomerMessage["kind"], true> = {
  ...{ "repair.accepted": true, "repair.chosen": true, "repair.postponed": true, "repair.declined": true },
  ...{ "repair.phase": true, "repair.completed": true, "repair.failed": true },
  ...{ "diagnosis.asked": true, "diagnosis.answered": true, "maintenance.answered": true },
};

/** Messages were checked when they came in, by lib/contract or by the types: here only their kind is. */
const isKnown =
  <Message extends { readonly kind: string }>(kinds: Record<Message["kind"], true>) =>
  (json: unknown): json is Message =>
    typeof json === "object" && json !== null && Object.hasOwn(kinds, String(Reflect.get(json, "kind")));
const isProviders = isKnown<ProviderMessage>(providerKinds);
const isCustomers = isKnown<CustomerMessage>(customerKinds);

const headOf = (row: MessageRow) => ({
  id: idOf("msg", row.id),
  organizationId: idOf("org", row.organizationId),
  incidentId: idOrNull("inc", row.incidentId),
  repairId: idOrNull("rep", row.repairId),
  sequence: row.sequence,
  at: epochMs(row.at),
});

export function toHeard(row: MessageRow) {
  const { message } = row;
  if (row.from !== "customer" || row.by === null || !isCustomers(message))
    throw new Error(`message ${row.id} in the database, of kind ${row.kind}, is none that a customer says`);
  return { ...headOf(row), from: "customer", message, by: row.by } as const;
}

export function toMessage(row: MessageRow) {
  if (row.from === "customer") return toHeard(row);
  const { message } = row;
  if (!isProviders(message))
    throw new Error(`message ${row.id} in the database, of kind ${row.kind}, is none that a provider says`);
  return { ...headOf(row), from: "provider", message, receivedAt: epochMsOrNull(row.receivedAt) } as const;
}
