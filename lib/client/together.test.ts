import { expect, test } from "vitest";
import { managerView, sensorReportView } from "../contract/index.ts";
import { defaultAgreement } from "../model/index.ts";
import { bothTogether, customerAlone } from "./together.ts";

const now = 1_790_000_000_000;
const org = "org_00000000000000000001";
const manager = (more: object = {}) =>
  managerView.parse({
    organizationId: org,
    instance: "one",
    name: "tune",
    version: "1",
    epoch: 1,
    connected: true,
    since: now - 60_000,
    heardAt: now,
    ...more,
  });
const sensors = (agoMs: number) =>
  sensorReportView.parse({
    organizationId: org,
    applicationId: "app_00000000000000000001",
    reportedAt: now - agoMs,
    sensors: [],
  });

test.each([
  ["all is in place", { manager: manager(), sensors: sensors(1_000) }, true, /tune repairs it/],
  ["nobody ever connected", { manager: undefined, sensors: undefined }, false, /ever connected/],
  [
    "it went away",
    { manager: manager({ connected: false, heardAt: now - 90_000 }), sensors: sensors(90_000) },
    false,
    /not connected/,
  ],
  ["its sensors are silent", { manager: manager(), sensors: sensors(120_000) }, false, /silent/],
  ["it has no sensors", { manager: manager(), sensors: undefined }, false, /no sensor/],
  [
    "a program behind their endpoint",
    { manager: undefined, sensors: sensors(1_000) },
    true,
    /at their endpoint repairs it/,
  ],
  [
    "a program behind their endpoint, long after a manager went away",
    { manager: manager({ connected: false, heardAt: now - 90_000 }), sensors: sensors(1_000) },
    true,
    /at their endpoint/,
  ],
  [
    "it went away just now, and its last report is fresh",
    { manager: manager({ connected: false, heardAt: now - 3_000 }), sensors: sensors(2_000) },
    false,
    /not connected/,
  ],
  [
    "a manager behind their endpoint has the right to act",
    { manager: manager({ byEndpoint: true }), sensors: sensors(1_000) },
    true,
    /tune at their endpoint repairs it/,
  ],
  [
    "a manager behind their endpoint has the right to act, and its reports are not taken",
    { manager: manager({ byEndpoint: true }), sensors: sensors(120_000) },
    false,
    /nothing shows that messages reach the manager tune/,
  ],
  [
    "a program behind their endpoint fell silent",
    { manager: undefined, sensors: sensors(60_000) },
    false,
    /ever connected/,
  ],
])("a customer who repairs alone: %s", (_, together, isProtected, words) => {
  const shown = customerAlone({ ...together, hasImage: false }, now);
  expect(shown).toEqual({ isProtected, words: expect.stringMatching(words) });
});

const application = { agreement: { ...defaultAgreement, fallback: "hand-over" as const } };

test("together: made anew only where its owner allows it and the image is known", () => {
  const whole = { manager: manager(), sensors: sensors(1_000), hasImage: true };
  expect(bothTogether(whole, { consent: "recreate" }, application, now).words).toContain("made anew");
  expect(bothTogether(whole, { consent: "relocate" }, application, now).words).toContain("its own disk");
  expect(bothTogether({ ...whole, hasImage: false }, { consent: "recreate" }, application, now).words).toContain(
    "its own disk",
  );
});

test("together without a manager: what then happens is said, and that it is a part only", () => {
  const shown = bothTogether(
    { manager: undefined, sensors: undefined, hasImage: true },
    { consent: "recreate" },
    application,
    now,
  );
  expect(shown).toEqual({ isWhole: false, words: expect.stringMatching(/after 10\.00 s: nothing more is done/) });
});

test("together with a program behind the endpoint whose sensors report: both parts are there", () => {
  const together = { manager: undefined, sensors: sensors(1_000), hasImage: true };
  expect(bothTogether(together, { consent: "recreate" }, application, now)).toEqual({
    isWhole: true,
    words: "If it fails it is made anew from its image, and the manager at their endpoint finishes.",
  });
});
