import type { ServerSpec } from "../description/index.ts";
import { type Act, type CreateHands, type HandsContext, ManagerError } from "../servers.ts";
import { isSshError, type Shells, shellsOf, untilReached } from "../ssh/index.ts";
import { command } from "./command.ts";
import { dataElsewhere, synchronised } from "./data.ts";
import { deploy } from "./deploy.ts";
import { haproxy } from "./haproxy.ts";
import { httpd } from "./httpd.ts";
import { mariadb } from "./mariadb/index.ts";
import { php } from "./php.ts";
import { type Site, siteOf, type Wrapper } from "./site.ts";

const reachWithinMs = 60_000;

/** What the manager does with servers, by the wrapper of each kind. */
export const createHands: CreateHands = (context) => {
  const shells = shellsOf(context);
  const hands = (server: ServerSpec, act: Act) => bound(context, shells, server, act);
  return {
    deploy: (server, act) => told(act, () => hands(server, act).deploy()),
    configure: (server, act) => told(act, () => hands(server, act).configure()),
    start: (server, act) => told(act, () => hands(server, act).start()),
    stop: (server, act) => told(act, () => hands(server, act).stop()),
    async health(server, act) {
      try {
        return await hands(server, act).health();
      } catch (error) {
        if (isSshError(error) || error instanceof ManagerError) return { ok: false, words: error.message };
        throw error;
      }
    },
    save: (server, act) => told(act, async () => await hands(server, act).save()),
    restore: (server, act) => told(act, async () => await hands(server, act).restore()),
    elsewhere: (server, leaving, act) => told(act, () => hands(server, act).elsewhere(leaving)),
    synchronise: (server, act) => told(act, async () => await hands(server, act).synchronise()),
    reach: (vm, act) => told(act, () => untilReached(shells.of(vm.name), reachWithinMs, act.signal)),
    close: async () => shells.close(),
  };
};

/** Kind and wrapper together, so that each wrapper sees its own kind of server. */
function bound(context: HandsContext, shells: Shells, server: ServerSpec, act: Act) {
  const made = <S extends ServerSpec>(wrapper: Wrapper<S>, site: Site<S>) => ({
    deploy: () => deploy(site, wrapper.programs, async () => await wrapper.prepare?.(site)),
    configure: () => wrapper.configure(site),
    start: () => wrapper.start(site),
    stop: () => wrapper.stop(site),
    health: () => wrapper.health(site),
    save: () => wrapper.save?.(site),
    restore: () => wrapper.restore?.(site),
    synchronise: () => synchronised(site, wrapper),
    elsewhere: (leaving: readonly string[]) => wrapper.elsewhere?.(site, leaving) ?? dataElsewhere(site),
  });
  switch (server.kind) {
    case "httpd":
      return made(httpd, siteOf(context, shells, server, act));
    case "haproxy":
      return made(haproxy, siteOf(context, shells, server, act));
    case "php":
      return made(php, siteOf(context, shells, server, act));
    case "mariadb":
      return made(mariadb, siteOf(context, shells, server, act));
    case "command":
      return made(command, siteOf(context, shells, server, act));
  }
}

/** Failures of the way to the VM in the manager's words. A connection that was lost is made anew once: each act may run twice. */
async function told<T>(act: Act, work: () => Promise<T>): Promise<T> {
  try {
    return await work().catch(async (error: unknown) => {
      if (!isSshError(error, "lost") || act.signal.aborted) throw error;
      return await work();
    });
  } catch (error) {
    if (!isSshError(error)) throw error;
    const cure =
      error.code === "hostKeyChanged"
        ? "If the VM was made anew outside of Belay, forget its key in the manager's state."
        : undefined;
    throw new ManagerError(
      { code: `ssh.${error.code}`, message: error.message, ...(cure && { cure }) },
      { cause: error },
    );
  }
}
