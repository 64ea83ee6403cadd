import { hostPaths, labPaths } from "./paths.ts";
import { type HostRecord, type LabRecord, requireHost, requireRecord } from "./state.ts";
import { withLock } from "./system/lock.ts";

/** One host at a time, beside other hosts' changes, never beside `up` or `down`. */
export async function withHost<T>(
  lab: string,
  name: string,
  work: (record: LabRecord, host: HostRecord) => Promise<T>,
): Promise<T> {
  await requireRecord(lab);
  const change = async () => {
    const record = await requireRecord(lab);
    return await work(record, requireHost(record, name));
  };
  return await withLock(labPaths(lab).lock, () => withLock(hostPaths(lab, name).lock, change), { shared: true });
}
