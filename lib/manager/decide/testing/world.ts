import { expect } from "vitest";
import { incidentId, type ProviderEvent, repairId, vmId } from "../../../contract/index.ts";
import { readDescription } from "../../description/index.ts";
import { messageIdOf } from "../../link/index.ts";
import type { Context } from "../context.ts";
import { jobsOf } from "../jobs.ts";
import { type Input, reduce } from "../reduce.ts";
import { type ManagerState, managerState, noState } from "../state.ts";

const text = (more: string) => `application: { name: shop }
images: { system: bare }
vms:
  - { name: db, image: system, memoryMiB: 128 }
  - { name: web, image: system, memoryMiB: 128 }
servers:
  - { name: data, kind: command, vm: db, port: 1, state: stateful }
  - { name: page, kind: command, vm: web, port: 2, uses: [data] }
${more}`;

export function described(more = "") {
  const read = readDescription(text(more));
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.description;
}

export const db = { id: vmId.parse("vm_0000000000000000000d"), name: "db" };
export const web = { id: vmId.parse("vm_0000000000000000000w"), name: "web" };
export const repair = repairId.parse("rep_00000000000000000001");
const subject = incidentId.parse("inc_00000000000000000001");

let count = 0;
/** A message of the provider's. */
export const event = (data: ProviderEvent["data"], sequence = 1): Extract<Input, { is: "message" }> => ({
  is: "message",
  event: {
    ...{
      specversion: "1.0",
      id: messageIdOf("provider", String(++count)),
      source: "belay",
      type: `belay.${data.kind}.v1`,
    },
    ...{ subject, time: "2026-11-23T06:00:00Z", datacontenttype: "application/json", sequence: String(sequence), data },
  },
});

export const proposed = (techniques = ["assisted-rebuild", "revive-vm"] as const): ProviderEvent["data"] => ({
  ...{ kind: "repair.proposed", repair, vm: db, answerBy: 10_000, latest: 60_000, fallback: "own-disk" },
  techniques: techniques.map((technique) => ({ technique, words: "", expectedMs: null, loses: "" })),
});
export const restarted = (generation = 2, finishBy = 50_000): ProviderEvent["data"] => ({
  ...{ kind: "vm.restarted", repair, vm: db, address: "198.18.0.9", from: "image", image: "bare" },
  ...{ generation, apart: "kept", finishBy },
});
export const changed = (state: "agreed" | "fallback" | "repaired"): ProviderEvent["data"] => ({
  ...{ kind: "repair.changed", repair, vm: db, state, words: state },
});

export const contextAt = (
  now: number,
  description = described(),
  mode: Context["mode"] = "collaborative",
): Context => ({
  ...{ now, description, mode },
  vmNamed: ({ name }) => description.vms.find((vm) => vm.name === name)?.name,
  vmIdOf: (vm) => (vm === "web" ? web.id : db.id),
  idOf: (key) => messageIdOf("manager", key),
});

export function world(more = "", mode: Context["mode"] = "collaborative") {
  const description = described(more);
  const context = (now: number) => contextAt(now, description, mode);
  let state: ManagerState = noState;
  return {
    feed(now: number, ...inputs: readonly Input[]) {
      for (const input of inputs) {
        const next = reduce(state, input, context(now));
        // What is kept can be read again, and a second time changes nothing that counts.
        expect(managerState.parse(JSON.parse(JSON.stringify(next)))).toEqual(next);
        state = next;
      }
      return state;
    },
    said: () => state.outbox.map(({ message }) => message),
    jobs: () => jobsOf(state, context(0).vmNamed).map(({ key }) => key),
    state: () => state,
    context,
  };
}

type Answer = Extract<ProviderEvent["data"], { kind: "diagnosis.answered" }>;

/** The provider's answer to what was asked about a server's trouble at that instant. */
export const answered = (
  server: "data" | "page",
  askedAt: number,
  layer: Answer["conclusion"]["layer"],
  certainty: Answer["conclusion"]["certainty"] = "certain",
): Input =>
  event({
    ...{ kind: "diagnosis.answered", question: messageIdOf("manager", `trouble/${server}/${askedAt}`) },
    ...{ vm: server === "data" ? db : web, provider: { host: "well", vm: "running" } },
    conclusion: { layer, certainty, words: "" },
  });
