import type { Host, Vm } from "./entities.ts";

/** What is so of every host when it is enrolled, and of every VM when it is adopted, until it is seen or said otherwise. */
export const freshHost = {
  health: "green",
  standing: "in-use",
  standingWords: null,
  rack: null,
  sharedPaths: [],
  helper: null,
  protection: { ok: false, words: "Not protected: it has no tested fence device and no helper." },
} as const satisfies Partial<Host>;

export const freshVm = {
  generation: 0,
  movingTo: null,
  priority: 5,
  apart: null,
  together: null,
  rollbackIntolerant: false,
  diskPaths: [],
  checkpointEveryMs: null,
  standby: false,
  checkpointGroup: null,
  address: null,
} as const satisfies Partial<Vm>;
