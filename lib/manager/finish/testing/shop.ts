import { readDescription } from "../../description/index.ts";
import type { Act, ServerHands } from "../../servers.ts";

/** Three servers on two VMs, and hands that only say what they would do. */
export function shop(more = "") {
  const read = readDescription(`application: { name: shop }
images: { system: bare }
vms:
  - { name: db, image: system, memoryMiB: 128 }
  - { name: web, image: system, memoryMiB: 128 }
servers:
  - { name: page, kind: command, vm: web, port: 2, uses: [data, cache] }
  - { name: data, kind: command, vm: db, port: 1, state: stateful${more} }
  - { name: cache, kind: command, vm: db, port: 3 }
`);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.description;
}

export function sayingHands(says: (act: string) => void | Promise<void>, running = new Set<string>()): ServerHands {
  const doing = (what: string) => async (server: { readonly name: string }, act: Act) => {
    act.signal.throwIfAborted();
    await says(`${what} ${server.name}`);
    act.signal.throwIfAborted();
    if (what === "start") running.add(server.name);
  };
  return {
    ...{ deploy: doing("deploy"), configure: doing("configure"), start: doing("start"), stop: doing("stop") },
    ...{ save: doing("save"), restore: doing("restore"), synchronise: doing("synchronise"), reach: doing("reach") },
    elsewhere: async () => ({ by: "nobody", words: "nowhere" }),
    health: async ({ name }) => ({ ok: running.has(name), words: running.has(name) ? "well" : "down" }),
    close: async () => {},
  };
}
