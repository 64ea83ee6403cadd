import { keptState, stateKey } from "../agent/index.ts";
import { withoutVms } from "../decide/index.ts";
import { ManagerError } from "../servers.ts";
import type { Opened } from "../work/index.ts";
import type { ManagerIo, Result } from "./io.ts";

type ForDown = Pick<Opened, "description" | "records" | "provision" | "journal">;

/** Frees the VMs, with their disks. Asks first. */
export async function takeDown(work: ForDown, io: ManagerIo, sure: boolean): Promise<Result> {
  const { description, records, provision, journal } = work;
  const vms = [...description.vms.map(({ name }) => name), ...records.left()].filter(
    (vm) => records.get(vm).allocationId !== null,
  );
  if (vms.length === 0) {
    await forgetWork(work);
    return {
      data: { freed: [] },
      lines: ["There is no VM of this application."],
      next: "belay-manager up FILE makes them.",
    };
  }
  if (!sure) {
    if (io.ask === undefined)
      throw new ManagerError({ code: "not-sure", message: "Nobody is there who could be asked.", cure: "Say --yes." });
    const answer = await io.ask(`Free ${vms.join(", ")}, with everything that is on their disks? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim()))
      return { data: { freed: [] }, lines: ["Nothing was done."], next: "belay-manager status FILE" };
  }
  await io.board.phase("free", async (say) => {
    await forgetWork(work);
    const act = { signal: io.signal, progress: (_: number | null, words: string) => say(words) };
    await Promise.all(vms.map((vm) => provision.free(vm, act)));
    for (const vm of records.left()) await records.forget(vm);
    await journal.undo("put");
    // The next `up` asks who it is: somebody may have removed it meanwhile.
    await journal.forget("application");
    for (const key of journal.stepKeys("finish/")) await journal.undo(key);
    // Disks without data are no loss now: the next `up` begins with the last saves, or with nothing.
    for (const key of [...journal.keys("data/"), ...journal.keys("mariadb/")]) await journal.forget(key);
  });
  return {
    data: { freed: vms },
    lines: [`Freed ${vms.join(", ")}.`],
    next: "belay-manager up FILE makes them anew; the application itself stays known to the provider.",
  };
}

/** A repair that was cut off would be gone on with by the next `run`: it would give back a VM of the next `up`, or make one before it. */
async function forgetWork({ journal }: ForDown): Promise<void> {
  if (journal.recall(stateKey) !== undefined) await journal.remember(stateKey, withoutVms(keptState(journal)));
  for (const key of [...journal.stepKeys("alone/"), ...journal.stepKeys("by-hand/")]) await journal.undo(key);
}
