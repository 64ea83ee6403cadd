import { z } from "zod";
import { bindingsOf, type Description, type ServerSpec, serversOn } from "../description/index.ts";
import { bringUp, digestsOf, type Part } from "../finish/index.ts";
import type { Journal } from "../journal/index.ts";
import type { VmRecords } from "../provision/index.ts";
import type { Act, Log, ServerHands } from "../servers.ts";

/** Brings servers up, under keys of the journal that say when something is to be done again. */
export interface Workshop {
  /** As described. What was done before and has not changed is not done again. */
  put(servers: readonly ServerSpec[], how: How): Promise<void>;
  /** After the provider has brought a VM back: everything once for this `run`, whatever was done before. */
  finish(vm: string, run: string, how: How): Promise<void>;
  /** Whoever is bound to these VMs gets their addresses as they are now. */
  rebind(vms: readonly string[], act: Act): Promise<void>;
  /** What `put` would do. */
  due(server: ServerSpec): Promise<readonly ("deploy" | "configure")[]>;
}

export interface How {
  readonly signal: AbortSignal;
  readonly onPart: (part: Part, percent: number, words: string) => void;
}

const done = z.undefined().or(z.null());

export function createWorkshop(options: {
  readonly description: Description;
  readonly directory: string;
  readonly journal: Journal;
  readonly records: VmRecords;
  readonly hands: ServerHands;
  readonly log: Log;
}): Workshop {
  const { description, directory, journal, records, hands, log } = options;

  async function putKeys(server: ServerSpec) {
    const { deploy, configure } = await digestsOf(description, directory, records, server);
    const key = `put/${server.name}`;
    return {
      deploy: `${key}/deploy/${deploy}`,
      configure: `${key}/configure/${configure}`,
      synchronise: `${key}/synchronise/${deploy}`,
    };
  }

  /** Steps of an older form of the server count no more. */
  async function keepOnly(prefix: string, keep: readonly string[]): Promise<void> {
    for (const key of journal.stepKeys(prefix)) if (!keep.includes(key)) await journal.undo(key);
  }

  async function asPut(servers: readonly ServerSpec[]): Promise<void> {
    for (const server of servers) {
      const keys = await putKeys(server);
      for (const key of Object.values(keys)) await journal.step(key, done, async () => undefined);
      await keepOnly(`put/${server.name}/`, Object.values(keys));
    }
  }

  const common = { description, hands, journal };
  return {
    async put(servers, how) {
      const keys = new Map<string, Awaited<ReturnType<typeof putKeys>>>();
      for (const server of servers) keys.set(server.name, await putKeys(server));
      await bringUp({
        ...common,
        ...how,
        servers,
        keyOf: ({ name }, step) => keys.get(name)?.[step] ?? `put/${name}/${step}`,
      });
      await asPut(servers);
    },

    async finish(vm, run, how) {
      const servers = serversOn(description, vm);
      const keyOf = ({ name }: ServerSpec, step: string) => `finish/${name}/${run}/${step}`;
      for (const { name } of servers)
        for (const key of journal.stepKeys(`finish/${name}/`))
          if (!key.startsWith(`finish/${name}/${run}/`)) await journal.undo(key);
      await bringUp({ ...common, ...how, servers, keyOf });
      await asPut(servers);
    },

    async rebind(vms, act) {
      const on = (name: string) => vms.includes(name);
      const bound = description.servers.filter((server) => {
        const { uses, balances, replicates } = bindingsOf(description, records, server.name);
        return !on(server.vm) && [...uses, ...balances, ...replicates].some((peer) => on(peer.vm));
      });
      await Promise.all(
        bound.map(async (server) => {
          const { configure } = await putKeys(server);
          // Whoever cannot be told now is on a VM that is down as well, and will be configured with it.
          await journal
            .step(configure, done, async () => {
              act.progress(null, `${server.name} is told the new addresses`);
              await hands.configure(server, act);
            })
            .catch((error: unknown) => {
              act.signal.throwIfAborted();
              log(
                `${server.name} could not be told the new addresses: ${error instanceof Error ? error.message : error}`,
              );
            });
        }),
      );
    },

    async due(server) {
      const keys = await putKeys(server);
      const isDone = (key: string) => Boolean(journal.stepOf(key)?.done);
      if (!isDone(keys.deploy)) return ["deploy", "configure"];
      return isDone(keys.configure) ? [] : ["configure"];
    },
  };
}
