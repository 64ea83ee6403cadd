import type { Description, ServerSpec } from "./schema.ts";

/** Where a server is found: computed from the VM that carries it, never written down. */
export interface Peer {
  readonly server: string;
  readonly kind: ServerSpec["kind"];
  readonly vm: string;
  /** undefined: its VM has none yet. */
  readonly address: string | undefined;
  readonly port: number;
}

export interface Bindings {
  readonly self: Peer;
  readonly uses: readonly Peer[];
  /** The back ends, in the order of the description. */
  readonly balances: readonly Peer[];
  /** Servers whose configuration names this one. */
  readonly usedBy: readonly Peer[];
  /** Of `mariadb`: whose changes it follows. */
  readonly replicates: readonly Peer[];
}

/** Addresses of VMs by their names, as allocated. They change when a VM is made anew elsewhere. */
export interface Addresses {
  of(vm: string): string | undefined;
  /** Which life of the VM this is. Made anew it has another, and shows another SSH host key; in the same one a changed key is refused. */
  generationOf(vm: string): number;
}

const usualPorts: Record<ServerSpec["kind"], number> = { httpd: 80, haproxy: 80, mariadb: 3306, php: 9000, command: 0 };

export const portOf = (server: ServerSpec): number => server.port ?? usualPorts[server.kind];

const replicated = (server: ServerSpec): readonly string[] =>
  server.kind === "mariadb" ? server.options.replicates : [];

/** Every server that `server`'s configuration names, but those that it replicates: these may name it too. */
export const needsOf = (server: ServerSpec): readonly string[] => [...new Set([...server.uses, ...server.balances])];

export function bindingsOf(description: Description, addresses: Addresses, name: string): Bindings {
  const peerOf = (server: ServerSpec): Peer => ({
    server: server.name,
    kind: server.kind,
    vm: server.vm,
    address: addresses.of(server.vm),
    port: portOf(server),
  });
  const named = (names: readonly string[]) =>
    description.servers.filter((other) => names.includes(other.name)).map(peerOf);
  const self = serverNamed(description, name);
  return {
    self: peerOf(self),
    uses: named(self.uses),
    balances: named(self.balances),
    replicates: named(replicated(self)),
    usedBy: description.servers.filter((other) => [...needsOf(other), ...replicated(other)].includes(name)).map(peerOf),
  };
}

export function serverNamed(description: Description, name: string): ServerSpec {
  const server = description.servers.find((one) => one.name === name);
  if (server === undefined) throw new Error(`no server ${name} in the description`);
  return server;
}

export const serversOn = (description: Description, vm: string): readonly ServerSpec[] =>
  startOrder(description).filter((server) => server.vm === vm);

/** What is needed comes first; else as described. The description was checked: there is no cycle. */
export function startOrder(description: Description): readonly ServerSpec[] {
  const order: ServerSpec[] = [];
  const add = (server: ServerSpec): void => {
    if (order.includes(server)) return;
    for (const name of needsOf(server)) add(serverNamed(description, name));
    order.push(server);
  };
  for (const server of description.servers) add(server);
  return order;
}
