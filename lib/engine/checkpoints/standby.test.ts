import { expect, test } from "vitest";
import { aHost, aVm, checkpointNumber, hostNumber } from "../../decide/testing/clouds.ts";
import { freshStandby, type Standby, standbyShown, standbyWords } from "./standby.ts";

const vm = aVm(1, hostNumber(1));
const hosts = new Map([aHost(1), aHost(2), aHost(3, { health: "red" })].map((host) => [host.id, host]));
/** Newest first. */
const saved = [3, 2, 1].map((n) => ({ id: checkpointNumber(n), state: "valid" }) as const);
const on = (host: number, over: Partial<Standby> = {}): Standby => ({ ...freshStandby(vm, hostNumber(host)), ...over });
const ready = (n: number) => ({ ready: checkpointNumber(n) });

test.each<[string, Standby | undefined, boolean, RegExp]>([
  ["none yet", undefined, false, /is made when/],
  ["of the newest", on(2, ready(3)), true, /stands by/],
  ["of the one before, while it is brought on", on(2, ready(2)), true, /stands by/],
  ["of an older one", on(2, { ...ready(1), words: standbyWords.brought }), false, /being brought/],
  ["where the VM runs itself", on(1, ready(3)), false, /runs where/],
  ["where nothing can be started", on(3, ready(3)), false, /cannot be used/],
  ["that may be gone", on(2, { ...ready(3), doing: { kind: "doubted" } }), false, /not known yet/],
])("a replica %s", (_, it, isReady, words) => {
  expect(standbyShown(it, undefined, vm, saved, hosts)).toEqual({
    ready: isReady,
    words: expect.stringMatching(words),
  });
});

test("nothing is ready before anything is saved", () => {
  expect(standbyShown(on(2, ready(3)), undefined, vm, [], hosts).ready).toBe(false);
});
