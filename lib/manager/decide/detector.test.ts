import { expect, it } from "vitest";
import type { SensorReading } from "../servers.ts";
import { type Detector, looked, noDetector } from "./detector.ts";
import { viewOf } from "./view.ts";

const inside = (state: SensorReading["state"]): SensorReading => ({
  ...{ name: "database: process", kind: "process", server: "database", vm: "db-1", from: "db-1", state, words: "" },
});
const from = (observer: string, state: SensorReading["state"]): SensorReading => ({
  ...{ name: `db-1 from ${observer}`, kind: "vm", server: null, vm: "db-1", from: observer, state, words: "" },
});

/** What is said after each look at the same readings. */
function saidBy(...looks: readonly (readonly SensorReading[])[]): readonly (readonly string[])[] {
  let detector: Detector = noDetector;
  return looks.map((readings) => {
    const told = looked(detector, readings);
    detector = told.detector;
    return told.inputs.map((input) => input.is);
  });
}

it("takes a server for down after two bad looks", () => {
  const bad = [inside("failing"), from("app-1", "ok")];
  expect(saidBy(bad, bad)).toEqual([[], ["server-down"]]);
});

it("takes the servers of a VM for down that nobody reaches, though none of its own sensors can say so", () => {
  const gone = [inside("unknown"), from("app-1", "failing"), from("app-2", "failing")];
  expect(saidBy(gone, gone)).toEqual([[], ["server-down"]]);
  const { inputs } = looked(looked(noDetector, gone).detector, gone);
  expect(inputs).toMatchObject([{ server: "database", view: { reached: "by-none", processes: "unknown" } }]);
});

it("does not wait for the manager's own way in, which is cut later than a ping", () => {
  const manager: SensorReading = { ...from("app-1", "ok"), name: "db-1 from the manager", from: null };
  const gone = [inside("unknown"), from("app-1", "failing"), manager];
  expect(saidBy(gone, gone)).toEqual([[], ["server-down"]]);
});

it("says nothing of a VM that some still reach, or that nobody looks at", () => {
  const some = [inside("unknown"), from("app-1", "failing"), from("app-2", "ok")];
  const nobody = [inside("unknown")];
  expect(saidBy(some, some, nobody, nobody)).toEqual([[], [], [], []]);
});

it("says each time that a server is well", () => {
  const well = [inside("ok"), from("app-1", "ok")];
  expect(saidBy(well, well)).toEqual([["server-well"], ["server-well"]]);
});

it("takes nobody's word alone for a VM that nobody reaches", () => {
  const reachedBy = (...looks: readonly SensorReading[]) => viewOf("db-1", looks).reached;
  expect(reachedBy(from("app-1", "failing"))).toBe("unknown");
  expect(reachedBy(from("app-1", "failing"), from("app-2", "unknown"))).toBe("unknown");
  expect(reachedBy(from("app-1", "failing"), from("app-2", "failing"))).toBe("by-none");
  expect(reachedBy(from("app-1", "failing"), from("app-2", "ok"))).toBe("by-some");
  expect(reachedBy(from("app-1", "ok"))).toBe("by-all");
});
