import { expect, test } from "vitest";
import { readDescription } from "../description/index.ts";
import { againstByHand } from "./by-hand.ts";
import { jobsOf } from "./jobs.ts";
import { type Input, reduce } from "./reduce.ts";
import { type ManagerState, noState } from "./state.ts";
import { answered, contextAt } from "./testing/world.ts";

const read = readDescription(`application: { name: shop }
images: { system: bare }
vms:
  - { name: db, image: system, memoryMiB: 128, apart: pair }
  - { name: web, image: system, memoryMiB: 128, apart: pair }
servers:
  - { name: data, kind: mariadb, vm: db, state: stateful, options: { replicates: [page] } }
  - { name: page, kind: mariadb, vm: web, state: stateful, options: { replicates: [data] } }
alone: { allow: [rebuild-vm] }
`);
if (!read.ok) throw new Error(JSON.stringify(read.faults));
const { description } = read;
const at = (now: number) => contextAt(now, description, "customer");
const fed = (state: ManagerState, now: number, ...inputs: readonly Input[]): ManagerState =>
  inputs.reduce((before, input) => reduce(before, input, at(now)), state);
const jobs = (state: ManagerState) => jobsOf(state, at(0).vmNamed).map(({ key }) => key);

const anew = (vm: string) => ({ technique: "rebuild-vm", server: null, vm }) as const;
const first = fed(noState, 1_000, { is: "by-hand", ordered: anew("web") });
const waits = "web, which has the same data, is being made anew: it has to have them again first.";

test("a VM is not made anew by hand while its mirror is: both would have looked at each other, and given their disks back", () => {
  expect(againstByHand(first, anew("db"), at(2_000))).toBe(waits);
  expect(fed(first, 2_000, { is: "by-hand", ordered: anew("db") })).toBe(first);
  expect(againstByHand(first, { ...anew("db"), technique: "restart-server" }, at(2_000))).toBeNull();
});

test("nor by the manager itself, until that one has ended", () => {
  const view = { reached: "by-none", processes: "unknown", service: "unknown" } as const;
  const asked = fed(first, 2_000, { is: "server-down", server: "data", view, words: "" });
  const told = fed(asked, 2_500, answered("data", 2_000, "vm"));
  expect(jobs(told)).toEqual(jobs(first));
  expect(told.troubles.data?.stage).toMatchObject({ is: "waiting", why: waits });
  const [key = ""] = jobs(first);
  const ended = fed(told, 9_000, { is: "action-ended", key, problem: null });
  const again = fed(ended, 17_500, { is: "tick" });
  expect(jobs(fed(again, 18_000, answered("data", 17_500, "vm")))).toEqual(["alone/rebuild-vm/data/18000"]);
});
