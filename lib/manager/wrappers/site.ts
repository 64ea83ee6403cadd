import { type Bindings, bindingsOf, type ServerSpec } from "../description/index.ts";
import type { Act, Elsewhere, HandsContext, Health } from "../servers.ts";
import type { CommandOptions, Shells, VmShell } from "../ssh/index.ts";
import type { Programs } from "./deploy.ts";

/** One server, with all that its wrapper may look at and touch. */
export interface Site<S extends ServerSpec = ServerSpec> {
  readonly server: S;
  readonly act: Act;
  readonly context: HandsContext;
  readonly shells: Shells;
  /** Of the VM that carries it. */
  readonly shell: VmShell;
  readonly bindings: Bindings;
  readonly paths: ServerPaths;
}

/** What is different between the kinds. Each may run twice. */
export interface Wrapper<S extends ServerSpec = ServerSpec> {
  readonly programs: Programs;
  /** After programs and files are there. */
  prepare?(site: Site<S>): Promise<void>;
  configure(site: Site<S>): Promise<void>;
  start(site: Site<S>): Promise<void>;
  stop(site: Site<S>): Promise<void>;
  health(site: Site<S>): Promise<Health>;
  save?(site: Site<S>): Promise<void>;
  restore?(site: Site<S>): Promise<void>;
  synchronise?(site: Site<S>): Promise<void>;
  /** Of a kind that keeps its data by itself: it is asked where they are, and brings them back by its `synchronise`. */
  elsewhere?(site: Site<S>, leaving: readonly string[]): Promise<Elsewhere>;
}

/** Where a server of ours keeps its things on a VM. Names of servers are letters, digits and dashes. */
export interface ServerPaths {
  readonly config: string;
  readonly state: string;
  readonly log: string;
  readonly run: string;
  readonly pid: string;
}

export const pathsOf = (server: string): ServerPaths => ({
  config: `/etc/belay/${server}`,
  state: `/var/lib/belay/${server}`,
  log: `/var/log/belay/${server}`,
  run: `/run/belay/${server}`,
  pid: `/run/belay/${server}/pid`,
});

export function siteOf<S extends ServerSpec>(context: HandsContext, shells: Shells, server: S, act: Act): Site<S> {
  const { description, addresses } = context;
  return {
    server,
    act,
    context,
    shells,
    shell: shells.of(server.vm),
    bindings: bindingsOf(description, addresses, server.name),
    paths: pathsOf(server.name),
  };
}

export const limits = (site: Site, timeoutMs: number): CommandOptions => ({ timeoutMs, signal: site.act.signal });
export const startLimit = (site: Site) => limits(site, site.server.withinSeconds.start * 1000);
/** For what only looks. */
export const lookLimit = (site: Site) => limits(site, 10_000);
