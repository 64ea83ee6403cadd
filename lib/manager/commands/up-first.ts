import { inRepair, managerState } from "../decide/index.ts";
import type { Opened } from "../work/index.ts";
import type { ManagerIo, Result } from "./io.ts";
import { bringUpAll } from "./up.ts";

/** `run --up`: a manager that is started again must be there at once, for a repair may wait for its answer. */
export type UpFirst =
  | { readonly is: "done"; readonly result: Result }
  /** A repair is going on, and its servers are that repair's: the rest is put up once it has ended. */
  | { readonly is: "later"; readonly begin: () => Promise<Result> };

export async function upFirst(work: Opened, io: ManagerIo): Promise<UpFirst> {
  const { description, records, workshop, journal } = work;
  const kept = managerState.safeParse(journal.recall("manager")).data;
  if (kept !== undefined && inRepair(kept, Date.now())) return { is: "later", begin: () => bringUpAll(work, io) };
  const isThere = description.vms.every(({ name }) => records.get(name).vmId !== null);
  const due = await Promise.all(description.servers.map((server) => workshop.due(server)));
  if (!isThere || due.some((parts) => parts.length > 0)) return { is: "done", result: await bringUpAll(work, io) };
  const { name } = description.application;
  return {
    is: "done",
    result: {
      data: { application: name, made: [], deployed: [] },
      lines: [`${name} is up: ${description.servers.length} servers on ${description.vms.length} VMs, as before.`],
      next: "nothing: the sensors look after it from here.",
    },
  };
}
