import { expect, it } from "vitest";
import { deedLines } from "./deeds.ts";

it("says what a command did, and what undoes it", () => {
  expect(deedLines("power off", ["host-1"], "belay")).toBe(
    "host-1 has lost its power, and all that ran on it is gone.\nNext: give it back  npm run lab -- power on host-1",
  );
});

it("names every host, and the lab where it is not the usual one", () => {
  expect(deedLines("isolate", ["host-1", "host-3"], "mine")).toBe(
    "This machine is cut off from host-1, host-3; hosts go on seeing each other.\n" +
      "Next: take that back  npm run lab -- rejoin host-1 host-3 --lab mine",
  );
});
