import type { ProviderEvent } from "../../lib/contract/index.ts";
import { application, type idSource, vms } from "./ids.ts";

type Data = ProviderEvent["data"];
type Vm = (typeof vms)["one"];
type Restarted = Extract<Data, { kind: "vm.restarted" }>;

/** The provider's side of one incident: its messages, counted. */
export function incidentOf(ids: ReturnType<typeof idSource>, vm: Vm = vms.one) {
  const subject = ids.incident();
  const repair = ids.repair();
  let sequence = 0;

  const event = (data: Data, at = ++sequence): ProviderEvent => ({
    specversion: "1.0",
    id: ids.message(),
    source: "conformance",
    type: `belay.${data.kind}.v1`,
    subject,
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    sequence: String(at),
    data,
  });

  return {
    subject,
    repair,
    vm,
    event,
    failed: () =>
      event({
        ...{
          kind: "vm.failed",
          vm,
          applicationId: application.id,
          layer: "vm",
          cause: "qemu-died",
          certainty: "certain",
        },
        ...{ words: "The VM's process died.", since: Date.now(), evidence: [] },
      }),
    proposed: (answerInMs = 4_000, at?: number) =>
      event(
        {
          ...{ kind: "repair.proposed", repair, vm },
          techniques: [
            { technique: "assisted-rebuild", words: "Made anew.", expectedMs: 5_000, loses: "What was on its disk." },
            { technique: "relocate", words: "Started elsewhere.", expectedMs: null, loses: "Nothing." },
          ],
          ...{ answerBy: Date.now() + answerInMs, latest: Date.now() + 60_000, fallback: "own-disk" },
        },
        at,
      ),
    restarted: (finishInMs = 30_000, more: Partial<Pick<Restarted, "generation" | "from">> = {}, at?: number) =>
      event(
        {
          ...{ kind: "vm.restarted", repair, vm, address: "198.18.9.1", from: "image", image: "system", generation: 2 },
          ...{ apart: "not-asked", finishBy: Date.now() + finishInMs },
          ...more,
        },
        at,
      ),
    changed: (state: Extract<Data, { kind: "repair.changed" }>["state"], at?: number) =>
      event({ kind: "repair.changed", repair, vm, state, words: `The repair: ${state}.` }, at),
    asked: (answerInMs = 3_000) =>
      event({
        ...{ kind: "diagnosis.asked", vm, provider: { host: "well", vm: "running" } },
        answerBy: Date.now() + answerInMs,
      }),
  };
}
