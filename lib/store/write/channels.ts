/** PostgreSQL's NOTIFY channels. Notifications are sent by the commit, and only hint: the rows are the truth. */
export const channels = { events: "belay_events", wakes: "belay_wakes" } as const;

/** For the engine; and `sayings`: for those who deliver messages to customers. */
export const wakeKinds = ["hosts", "intents", "vms", "messages"] as const;
export type WakeKind = (typeof wakeKinds)[number] | "sayings";
