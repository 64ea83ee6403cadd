import { mayCarry } from "../../decide/index.ts";
import { type CheckpointId, type HostId, hostStandings, type Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { eachOf } from "../guard/limit.ts";
import { within } from "../guard/within.ts";

const askWithinMs = 3_000;
const askAgainMs = 250;
const askedAtOnce = 16;
/** One that has not answered for so long as above is asked, but not waited for: what never answers must not cost each VM that much. */
const silentForMs = 30_000;
const silentWithinMs = 500;

/** Of whom it is asked: a VM, and on which host it is itself. */
export type Asked = Pick<Vm, "id" | "uuid" | "hostId">;

interface Where {
  readonly host: HostId | undefined;
  /** Every host that could have it has answered. */
  readonly sure: boolean;
}

interface Around {
  readonly clock: Env["clock"];
  readonly store: Pick<Env["store"], "hosts">;
  readonly checkpoints: Pick<Env["checkpoints"], "standbyReady">;
}

/** Asks the hosts whether a replica stands by. */
export class AskReplicas {
  readonly #env: Around;
  readonly #silentUntilMs = new Map<HostId, number>();

  constructor(env: Around) {
    this.#env = env;
  }

  /** On which host a replica of just this checkpoint is ready. `only`: there, or nowhere. */
  async where(vm: Asked, checkpoint: CheckpointId, only: HostId | undefined): Promise<Where> {
    const { clock, store } = this.#env;
    const isMeant = (id: HostId) => id !== vm.hostId && (only === undefined || id === only);
    const meant = (await store.hosts()).filter((it) => isMeant(it.id) && hostStandings[it.standing].mayStart);
    const asked = meant.filter(mayCarry);
    const found = Promise.withResolvers<HostId>();
    let answers = 0;
    let host: HostId | undefined;
    const asking = eachOf(asked, askedAtOnce, async ({ id }) => {
      const ready = await this.#ask(id, vm, checkpoint, () => host !== undefined);
      if (ready !== undefined) answers++;
      if (ready !== true) return;
      host ??= id;
      found.resolve(id);
    });
    await within(clock, askWithinMs, Promise.race([asking, found.promise]), undefined);
    return { host, sure: host !== undefined || answers === meant.length };
  }

  /** Undefined: it has not answered. Until then it is asked again: when Belay has just begun it is not connected yet. */
  async #ask(id: HostId, vm: Asked, checkpoint: CheckpointId, isOver: () => boolean): Promise<boolean | undefined> {
    const { clock, checkpoints } = this.#env;
    const begunMs = clock.monotonicMs();
    const patienceMs = (this.#silentUntilMs.get(id) ?? 0) > begunMs ? silentWithinMs : askWithinMs;
    const over = () => isOver() || clock.monotonicMs() >= begunMs + patienceMs;
    const untilAnswered = async (): Promise<boolean | undefined> => {
      while (!over()) {
        const ready = await checkpoints.standbyReady(id, vm, checkpoint).catch(() => undefined);
        if (ready !== undefined) return ready;
        await clock.sleep(askAgainMs);
      }
      return undefined;
    };
    const ready = await within(clock, patienceMs, untilAnswered(), undefined);
    if (ready !== undefined) this.#silentUntilMs.delete(id);
    else if (patienceMs === askWithinMs && clock.monotonicMs() >= begunMs + askWithinMs)
      this.#silentUntilMs.set(id, begunMs + askWithinMs + silentForMs);
    return ready;
  }
}
