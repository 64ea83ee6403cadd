import { BelayError, type KeyScope, keyScopes, type Viewer } from "../model/index.ts";
import type { Service } from "./service.ts";

/**
 * What a program with an organization's key may call, and which of its scopes that needs (one of them is enough). What is not here is
 * for people: hosts, policy, and the keys themselves.
 */
export const needs = {
  cloud: ["read"],
  organizations: ["read", "collaborate", "provision", "configure"],
  applications: ["read", "collaborate", "provision", "configure"],
  vms: ["read", "collaborate", "provision"],
  vm: ["read", "collaborate", "provision"],
  incidents: ["read", "collaborate"],
  incident: ["read", "collaborate"],
  traffic: ["read"],
  offer: ["read", "collaborate", "provision", "configure"],
  images: ["read", "provision"],
  allocations: ["read", "provision"],
  allocation: ["read", "provision"],
  endpoint: ["read", "configure"],
  manager: ["read", "collaborate"],
  conversation: ["read", "collaborate"],
  incidentConversation: ["read", "collaborate"],
  checkpoints: ["read", "restore"],
  checkpointAdvice: ["read", "configure"],
  applicationCheckpointAdvice: ["read", "configure"],
  intent: ["read", "restore"],

  sayToProvider: ["collaborate"],
  reportSensors: ["collaborate"],
  standForCustomer: ["collaborate"],

  allocate: ["provision"],
  freeVm: ["provision"],

  takeCheckpoint: ["restore"],
  restoreCheckpoint: ["restore"],
  restoreBeside: ["restore"],
  keepCheckpoint: ["restore"],

  createApplication: ["configure"],
  changeApplication: ["configure"],
  changeVm: ["configure"],
  putEndpoint: ["configure"],
  removeEndpoint: ["configure"],
  testEndpoint: ["configure"],
} as const satisfies Partial<Record<keyof Service, readonly [KeyScope, ...KeyScope[]]>>;

const needed = new Map<string, readonly KeyScope[]>(Object.entries(needs));

/** Throws where a key may not call this. People and the operator may call everything; what they may do there, `can` says. */
export function refuseByScope(viewer: Viewer, method: string): void {
  if (viewer.key === undefined) return;
  const scopes = needed.get(method);
  if (scopes === undefined)
    throw new BelayError("not-allowed", "Programs with a key may not do this.", {
      field: "Authorization",
      cure: "Sign in and do it as a person.",
    });
  const { scopes: held } = viewer.key;
  if (scopes.some((scope) => held.includes(scope))) return;
  const [first = "read", ...others] = scopes;
  throw new BelayError("not-allowed", `The key lacks the scope ${first}: ${keyScopes[first]}`, {
    field: "Authorization",
    cure: `Make a key with the scope ${[first, ...others].join(" or ")}.`,
  });
}

const isViewer = (value: unknown): value is Viewer =>
  typeof value === "object" && value !== null && "organizationId" in value && "role" in value;

/** Every method of the service whose first argument is a viewer looks at the table first. */
export const withScopes = (service: Service): Service =>
  new Proxy(service, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function" || typeof name !== "string") return method;
      return (...args: readonly unknown[]) => {
        const [viewer] = args;
        if (isViewer(viewer))
          try {
            refuseByScope(viewer, name);
          } catch (error) {
            return Promise.reject(error); // all methods with a viewer answer later
          }
        return Reflect.apply(method, target, args);
      };
    },
  });
