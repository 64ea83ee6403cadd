/** PostgreSQL's NOTIFY channels. Notifications are sent by the commit, and only hint: the rows are the truth. */
export const channels = { events: "belay_events", wakes: "belay_wakes" } as const;

export const wakeKinds = ["hosts", "intents", "vms"] as const;
export type WakeKind = (typeof wakeKinds)[number];
