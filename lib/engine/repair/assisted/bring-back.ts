import type { ProposedTechnique } from "../../../model/index.ts";
import { lookFirst } from "../bring-up.ts";
import { type Bringing, elsewhere } from "../elsewhere.ts";
import { startFromDisk } from "../relocate.ts";
import { type Candidates, candidatesFor } from "../restore/candidates.ts";
import { elsewhereFromCheckpoint, restoreOnItsHost } from "../restore/restore-checkpoint.ts";
import { type Asking, type Rounds, reviveRounds } from "../revive-rounds.ts";
import { step } from "../step.ts";
import { verify } from "../verify.ts";
import { vmWork } from "../work.ts";
import { anewElsewhere, anewHere } from "./anew.ts";
import { askGuest } from "./asking.ts";
import { type Back, notElsewhere, type Run } from "./run.ts";

const failed = (words: string): Back => ({ kind: "failed", words, own: null });

function ofRounds(rounds: Rounds, from: "own-disk" | "checkpoint"): Back {
  switch (rounds.kind) {
    case "answers":
      return rounds.acted
        ? { kind: "up", from, own: null }
        : { kind: "not-needed", words: "It was well again before Belay touched it." };
    case "restored":
      return { kind: "up", from: "checkpoint", own: null };
    case "left-off":
      return rounds;
    case "handed-over":
      return failed(rounds.words);
  }
}

/** From its own disk, on its own host. */
export async function reviveHere(run: Run, asking: Asking, label = ""): Promise<Back> {
  const { env, options, repair, steps } = run;
  const first = await step(env, steps, repair, `look${label}`, async () => {
    const { vm, incident } = await vmWork(env, repair);
    return lookFirst(env, options, vm, incident);
  });
  if (!first.ok) return failed(first.words);
  const rounds = await reviveRounds(env, options, repair, steps, first.value, first.value.needed, label, asking);
  return ofRounds(rounds, "own-disk");
}

/** From its own disk, on another host. */
export async function moveAway(run: Run, asking: Asking): Promise<Back> {
  const { env, options, help, repair, steps } = run;
  const bringing: Bringing = {
    up: (claim, released, suffix) => startFromDisk(env, options, help.places, repair, steps, claim, released, suffix),
    another: () => false,
    asking: asking.name,
    verify: (vm) => verify(env, options, vm, asking.checks(vm)),
    words: () => "It runs on another host.",
    diskComesAlong: false,
  };
  const end = await elsewhere(env, options, help.places, repair, steps, bringing);
  if (end.kind === "answers") return { kind: "up", from: "own-disk", own: null };
  return notElsewhere(end, null);
}

/** From what was saved of it, or from its own disk where nothing of that can be restored. */
export async function goBack(run: Run, here: boolean): Promise<Back> {
  const { env, options, help, repair, steps } = run;
  const chosen = await step<Candidates>(env, steps, repair, "choose", () => candidatesFor(env, repair));
  if (!chosen.ok) return failed(chosen.words);
  if (here) {
    const { rounds } = await restoreOnItsHost(env, options, help, repair, steps, chosen.value);
    return ofRounds(rounds, "own-disk");
  }
  const way = await elsewhereFromCheckpoint(env, options, help, repair, steps, chosen.value, null);
  if ("refusal" in way) return failed(way.refusal);
  const end = await elsewhere(env, options, help.places, repair, steps, way.bringing);
  if (end.kind === "answers")
    return { kind: "up", from: way.bringing.another() ? "checkpoint" : "own-disk", own: null };
  return notElsewhere(end, null);
}

/** The provider's part, by the technique that both agreed on: until the guest itself answers. */
export function bringBack(run: Run, technique: ProposedTechnique["technique"], here: boolean): Promise<Back> {
  switch (technique) {
    case "assisted-rebuild":
      return here ? anewHere(run) : anewElsewhere(run);
    case "restore-checkpoint":
      return goBack(run, here);
    case "revive-vm":
      return reviveHere(run, askGuest);
    case "relocate":
      return moveAway(run, askGuest);
  }
}
