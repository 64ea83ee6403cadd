/** Milliseconds since 1970-01-01 UTC. All instants in the model, in HTTP bodies and in live frames are of this kind. */
export type EpochMs = number;
