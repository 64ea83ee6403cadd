import { againstAPerson } from "./invariants/against-a-person.ts";
import { beyondConsent } from "./invariants/beyond-consent.ts";
import { conversationEnds } from "./invariants/conversation-ends.ts";
import { healthyFenced } from "./invariants/healthy-fenced.ts";
import { heldForLong } from "./invariants/held-for-long.ts";
import { hostNotTold } from "./invariants/host-not-told.ts";
import { namesOfOthers } from "./invariants/names-of-others.ts";
import { newestDropped } from "./invariants/newest-dropped.ts";
import { nobodyWasTold } from "./invariants/nobody-was-told.ts";
import { nobodyWorksOnIt } from "./invariants/nobody-works-on-it.ts";
import { ofOneInstant } from "./invariants/of-one-instant.ts";
import { ownDisk } from "./invariants/own-disk.ts";
import { protectionNotThere } from "./invariants/protection-not-there.ts";
import { rolledBack } from "./invariants/rolled-back.ts";
import { lostAsPromised, savedAsShown } from "./invariants/saved-as-shown.ts";
import { seenByTheWorld } from "./invariants/seen-by-the-world.ts";
import { type Invariant, sightOf } from "./invariants/sight.ts";
import { agreedBeyondConsent, destroyedWhileUnsure, oldDiskLost } from "./invariants/together.ts";
import { twoAtOnce } from "./invariants/two-at-once.ts";
import type { Rig } from "./rig.ts";

/** All that must never be so (DESIGN.md, "What must never happen"). A new one is a file of invariants/ and a line here. */
const invariants: readonly Invariant[] = [
  seenByTheWorld,
  againstAPerson,
  twoAtOnce,
  beyondConsent,
  nobodyWasTold,
  nobodyWorksOnIt,
  hostNotTold,
  healthyFenced,
  namesOfOthers,
  protectionNotThere,
  rolledBack,
  ofOneInstant,
  ownDisk,
  savedAsShown,
  lostAsPromised,
  heldForLong,
  newestDropped,
  conversationEnds,
  destroyedWhileUnsure,
  agreedBeyondConsent,
  oldDiskLost,
];

/** So long `glance` takes for granted that what time alone changes has not changed: far below every grace. */
const restMs = 100;

export interface Watchman {
  /** What is wrong now, each with the number of the invariant. */
  check(): string[];
  /**
   * The same after every step, at little cost: where neither the store, nor the world, nor Belay's life and journal has changed since
   * the last check nothing that an invariant looks at has, but the time; so it checks again after 100 ms of it.
   */
  glance(): string[];
  /** How often everything was looked at. */
  checks(): number;
}

export function createWatchman(rig: Rig): Watchman {
  const looks = invariants.map((invariant) => invariant(sightOf(rig)));
  let seenChanges = -1;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let checks = 0;
  const changes = () =>
    rig.store.tables.changes.count + rig.cloud.world.changes() + rig.belay.changes() + rig.belay.journal.changes();

  function check(): string[] {
    checks++;
    seenChanges = changes();
    checkedAt = rig.clock.now();
    const found: string[] = [];
    for (const look of looks) found.push(...look());
    return found;
  }
  return {
    check,
    glance: () => (changes() === seenChanges && rig.clock.now() - checkedAt < restMs ? [] : check()),
    checks: () => checks,
  };
}
