import { readFileSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import {
  applicationView,
  cloudView,
  type HostView,
  intentAccepted,
  type VmView,
  vmView,
} from "../../lib/contract/index.ts";
import type { RunningState } from "./state.ts";

export type Operator = ReturnType<typeof operatorOf>;

/** The server as the operator on its own machine asks it: for what a test needs beside the browser. */
export function operatorOf({ url, dataDir }: RunningState) {
  const token = readFileSync(path.join(dataDir, "operator-token"), "utf8").trim();

  async function ask<T>(
    method: string,
    route: string,
    reply: z.ZodType<T>,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await fetch(`${url}/api/v1${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      signal: AbortSignal.timeout(20_000),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return reply.parse(await response.json());
  }

  const cloud = () => ask("GET", "/cloud", cloudView);
  const named = <T extends { name: string }>(list: readonly T[], name: string): T => {
    const found = list.find((it) => it.name === name);
    if (found === undefined) throw new Error(`the cloud has no ${name}`);
    return found;
  };
  return {
    cloud,
    vm: async (name: string): Promise<VmView> => named((await cloud()).vms, name),
    hostOf: async (vm: VmView): Promise<HostView> => {
      const host = (await cloud()).hosts.find((it) => it.id === vm.hostId);
      if (host === undefined) throw new Error(`${vm.name} has no host`);
      return host;
    },
    setConsent: async (name: string, consent: VmView["consent"]): Promise<VmView> =>
      ask("PATCH", `/vms/${named((await cloud()).vms, name).id}`, vmView, { consent }),
    /** `kill -9` of its QEMU, as the button of the page does it. */
    kill: async (vm: VmView) =>
      ask(
        "POST",
        `/vms/${vm.id}/kill`,
        intentAccepted,
        { runId: vm.runId },
        { "idempotency-key": `e2e-${vm.id}-${vm.runId}` },
      ),
    setMode: async (application: string, mode: "provider" | "none") =>
      ask("PATCH", `/applications/${named((await cloud()).applications, application).id}`, applicationView, { mode }),
  };
}
