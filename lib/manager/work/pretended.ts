import { setTimeout as sleep } from "node:timers/promises";
import type { Act, SensorReading } from "../servers.ts";
import type { MakeHands } from "./hands.ts";

/** Hands that touch nothing, for `run --conformance`: the protocol alone is looked at. Each act takes a moment, as a real one would. */
const actMs = 120;

const pretend = async (_: unknown, { signal, progress }: Act): Promise<void> => {
  progress(50, "pretends");
  await sleep(actMs, undefined, { signal });
};

export const pretendedHands: MakeHands = ({ description }) => {
  const started = new Set<string>();
  const reading = (server: (typeof description.servers)[number]): SensorReading => ({
    ...{ name: `${server.name} answers`, kind: "tcp", server: server.name, vm: server.vm, from: null },
    ...{ state: "ok", words: "pretended" },
  });
  return {
    hands: {
      deploy: pretend,
      configure: pretend,
      stop: pretend,
      save: pretend,
      restore: pretend,
      synchronise: pretend,
      elsewhere: async () => ({ by: "owner", words: "pretended" }),
      async start(server, act) {
        await pretend(server, act);
        started.add(server.name);
      },
      async health({ name }) {
        const ok = started.has(name);
        // As after a boot: what is looked at again has come up meanwhile.
        started.add(name);
        return { ok, words: "pretended" };
      },
      reach: async () => {},
      close: async () => {},
    },
    sensors: {
      read: async () => description.servers.map(reading),
      readVm: async (vm) => description.servers.filter((server) => server.vm === vm).map(reading),
      close: async () => {},
    },
    techniques: () => ({
      restartServer: pretend,
      replayServer: pretend,
      rebuildVm: pretend,
      rebuildMany: pretend,
      record: async () => {},
    }),
  };
};
