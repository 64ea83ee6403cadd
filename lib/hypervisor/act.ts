import type { DomainAction, DomainSight } from "../engine/ports.ts";
import {
  type Connection,
  createDomain,
  destroyDomain,
  isNoDomain,
  resetDomain,
  resumeDomain,
  shutdownDomain,
  startDomain,
  wakeDomain,
} from "../libvirt/index.ts";
import type { VmState } from "../model/index.ts";
import { sightOf } from "./domains.ts";

export interface Outcome {
  readonly done: boolean;
  readonly words: string;
}

/** The states in which an action means something. In any other it is left undone: that is what makes it safe to ask twice. */
const meantFor: Record<DomainAction, readonly VmState[]> = {
  start: ["stopped"],
  resume: ["paused"],
  wake: ["suspended"],
  destroy: ["crashed", "paused"], // never a guest that runs
  "shut-down": ["running"],
  "switch-off": ["running", "suspended", "paused", "crashed", "stopping"],
  reset: ["running", "paused", "crashed"],
};

const doneWords: Record<DomainAction, string> = {
  start: "Started.",
  resume: "Let go on.",
  wake: "Woken.",
  destroy: "Switched off.",
  "shut-down": "Asked to shut down.",
  "switch-off": "Switched off.",
  reset: "Reset.",
};

async function perform(connection: Connection, uuid: string, action: DomainAction): Promise<void> {
  switch (action) {
    case "start":
      await startDomain(connection, { uuid });
      break;
    case "resume":
      await resumeDomain(connection, { uuid });
      break;
    case "wake":
      await wakeDomain(connection, { uuid });
      break;
    case "shut-down":
      // The power button: an agent that hangs would hold the domain while it is asked.
      await shutdownDomain(connection, { uuid }, { acpi: true });
      break;
    case "destroy":
    case "switch-off":
      await destroyDomain(connection, { uuid });
      break;
    case "reset":
      await resetDomain(connection, { uuid });
      break;
  }
}

const standsIn = (sight: DomainSight) => `It is ${sight.state} (${sight.reason}), so nothing was done.`;

/** Does one action on a domain if its state asks for it, and says what was done. */
export async function act(
  connection: Connection,
  uuid: string,
  action: DomainAction,
  definition: string | undefined,
): Promise<Outcome> {
  const sight = await sightOf(connection, uuid);
  if (sight === undefined) {
    if (action !== "start" || definition === undefined) return { done: false, words: "The host does not know it." };
    // A transient domain comes back as it was: from its definition, and again without one that is kept.
    await createDomain(connection, definition);
    return { done: true, words: "Started from its definition." };
  }
  if (!meantFor[action].includes(sight.state)) return { done: false, words: standsIn(sight) };
  try {
    await perform(connection, uuid, action);
    return { done: true, words: doneWords[action] };
  } catch (error) {
    // Somebody was quicker, or a call before this one that went unanswered was carried out after all: look again.
    const now = await sightOf(connection, uuid);
    if (isNoDomain(error) || now === undefined) return { done: false, words: "It vanished meanwhile." };
    if (!meantFor[action].includes(now.state)) return { done: false, words: standsIn(now) };
    throw error;
  }
}
