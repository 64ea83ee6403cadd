import { offByHandWords } from "../off-by-hand.ts";
import { type Restored, restoreHere, switchOffHere } from "../restore/bring-back.ts";
import { type Candidates, candidatesFor } from "../restore/candidates.ts";
import { type OwnDisk, ownDiskHere } from "../restore/own-disk.ts";
import { verifyRestored } from "../restore/verify-restored.ts";
import { step } from "../step.ts";
import { vmWork } from "../work.ts";
import type { End } from "./end.ts";
import type { Run } from "./run.ts";

/** A VM that runs and was given up goes back to its newest checkpoint, on the host where it is. undefined: none can be restored. */
export async function replaceByCheckpoint(run: Run, before: OwnDisk | null): Promise<End | undefined> {
  const { env, options, help, repair, steps } = run;
  const chosen = await step<Candidates>(env, steps, repair, "choose (fallback)", () => candidatesFor(env, repair));
  if (!chosen.ok) return { kind: "handed-over", words: chosen.words };
  const [candidate] = chosen.value.list;
  if (candidate === undefined) return undefined;
  const noted =
    before === null
      ? await step<OwnDisk>(env, steps, repair, "own disk (fallback)", () => ownDiskHere(env, options, repair))
      : ({ ok: true, value: before } as const);
  if (!noted.ok) return undefined;
  const own = noted.value;
  const first = { needed: true, offByUs: true } as const;
  const off = await step(env, steps, repair, "switch off (fallback)", () =>
    switchOffHere(env, options, repair, first, true),
  );
  if (!off.ok) return { kind: "handed-over", words: off.words };
  if (off.value === "not-off") return undefined;
  const name = "restore (fallback)";
  const restored = await step<Restored>(env, steps, repair, name, async () => {
    const { repair: work } = await vmWork(env, repair);
    return restoreHere(
      env,
      options,
      repair,
      candidate,
      own,
      work.steps.some((it) => it.name === name && it.attempts > 1),
    );
  });
  if (!restored.ok) return { kind: "handed-over", words: restored.words };
  if (restored.value.kind === "damaged" || restored.value.kind === "refused") return undefined;
  const answer = await step(env, steps, repair, "verify (fallback)", async () =>
    verifyRestored(env, options, help.everAnswered, (await vmWork(env, repair)).vm),
  );
  if (!answer.ok) return { kind: "handed-over", words: answer.words };
  if ("died" in answer.value && answer.value.byHand) return { kind: "left-off", words: offByHandWords };
  if (!("answeredAt" in answer.value)) return undefined;
  return { kind: "repaired", words: "It went back to a checkpoint, and answers again.", tr: answer.value.answeredAt };
}
