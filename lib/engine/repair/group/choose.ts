import { instantOf, planRollBack, restorable } from "../../../decide/index.ts";
import type { Checkpoint, Vm, VmId } from "../../../model/index.ts";
import { whileRead } from "../../checkpoints/in-hand.ts";
import { companionsOf, savedOf } from "../../checkpoints/saved.ts";
import type { Env } from "../../env.ts";
import { within } from "../../guard/within.ts";
import { heldOf, tellDamaged } from "../restore/candidates.ts";
import { type StepEnd, step } from "../step.ts";
import { vmWork } from "../work.ts";
import type { Instant, Lead, Member } from "./parts.ts";

const readWithinMs = 5 * 60_000;
const no = (words: string): StepEnd<never> => ({ ok: false, words });

interface Known {
  readonly name: string;
  rows: readonly Checkpoint[];
}

/** What is shown of each, less what the store of bytes does not hold whole. */
async function holdings(env: Env, members: readonly Member[]): Promise<Map<VmId, Known> | undefined> {
  const found = new Map<VmId, Known>();
  for (const { repair } of members) {
    const { vm } = await vmWork(env, repair);
    const held = await heldOf(env, vm);
    if (held === undefined) return undefined;
    const valid = new Map(held.map((it) => [it.id, it.valid]));
    const rows = await env.store.checkpointsOf(vm.id);
    for (const { id, state } of rows)
      if (state === "valid" && valid.get(id) === false)
        await tellDamaged(env, vm, id, "The store says that bytes of it do not have their checksum.");
    found.set(vm.id, { name: vm.name, rows: rows.filter((it) => it.state === "valid" && valid.get(it.id) === true) });
  }
  return found;
}

/** Whether every byte of each is whole; false: what was damaged is told. undefined: they could not be read in time. */
async function isWhole(env: Env, { of }: Instant, known: ReadonlyMap<VmId, Known>): Promise<boolean | undefined> {
  const all = await Promise.all(
    of.map(async ({ vm: id, checkpoint }) => {
      const reading = whileRead(env, checkpoint, () => env.checkpoints.verify(checkpoint));
      const whole = await within(env.clock, readWithinMs, reading, undefined).catch(() => undefined);
      const vm = { id, name: known.get(id)?.name ?? "" };
      if (whole === false)
        await tellDamaged(env, vm, checkpoint, "It was read before it was to be restored, and is not whole.");
      return whole;
    }),
  );
  return all.includes(false) ? false : all.includes(undefined) ? undefined : true;
}

/**
 * All of the group were stopped: what their owners want of them since, and allow, keeps none from the work that all of them lost. That one must never
 * go back does, and that another one came to the group.
 */
async function mayGoOn(env: Env, vm: Vm, members: readonly Member[]): Promise<boolean> {
  const group = [vm, ...(await companionsOf(env, vm))];
  return group.every((it) => !it.rollbackIntolerant && members.some((member) => member.vm === it.id));
}

/**
 * The instants to which the group may go back, best first: those of which each of its VMs has a whole checkpoint, and that the plan for the VM that
 * failed allows. The first of them was read whole: nothing that runs is given up for one that is damaged.
 */
export const chooseInstants = (
  { env, repair, steps }: Lead,
  members: readonly Member[],
  touched: boolean,
  label: string,
): Promise<StepEnd<readonly Instant[]>> =>
  step<readonly Instant[]>(env, steps, repair, `choose${label}`, async () => {
    const { vm, incident } = await vmWork(env, repair);
    const saved = await savedOf(env, vm, incident.tp, { within: incident });
    const plan = planRollBack({ cause: incident.cause, vm, saved });
    const goesOn = touched && (await mayGoOn(env, vm, members));
    if (saved?.group === undefined || (plan === undefined && !goesOn)) return no("Its group is not saved any more.");
    if (plan !== undefined && "notBecause" in plan && !goesOn) return no(plan.notBecause);
    const known = await holdings(env, members);
    if (known === undefined) return no("The store of checkpoints does not answer.");
    const [best] = restorable({ ...saved, checkpoints: saved.group.instants }, incident.cause);
    const left = new Set(saved.group.instants.map((it) => it.id));
    const instant = ({ id, at }: Pick<Checkpoint, "id" | "at">): Instant => ({
      ...{ at, newest: id === best },
      of: members.flatMap((it) => {
        const row = known.get(it.vm)?.rows.find((row) => instantOf(row.id) === instantOf(id));
        return row === undefined ? [] : [{ vm: it.vm, checkpoint: row.id }];
      }),
    });
    for (;;) {
      const allowed = saved.group.instants.filter((it) => left.has(it.id));
      const ids = restorable({ ...saved, checkpoints: allowed }, incident.cause);
      const list = ids.flatMap((id) => allowed.find((it) => it.id === id) ?? []).map(instant);
      const partial = list.findIndex(({ of }) => of.length < members.length);
      const bad = partial >= 0 ? ids[partial] : undefined;
      if (bad !== undefined) {
        left.delete(bad);
        continue;
      }
      const [first] = list;
      if (first === undefined) return no("There is no instant of which each VM of its group has a whole checkpoint.");
      const whole = await isWhole(env, first, known);
      if (whole === undefined) return no("Its group's checkpoints could not be read in time.");
      if (whole) {
        const count = list.length === 1 ? "1 instant is" : `${list.length} instants are`;
        const older = first.newest ? "" : " A newer one is damaged: an older one is taken.";
        return { ok: true, words: `${count} saved of each of them.${older}`, value: list };
      }
      const [id] = ids;
      if (id !== undefined) left.delete(id);
    }
  });
