import type { HostAddress, HostSignal } from "../../engine/ports.ts";
import { virtualClock } from "../clock/virtual-clock.ts";
import { seededIds } from "../ids.ts";
import { simulatedCloud } from "../simulated-cloud.ts";
import type { CloudSpec } from "../world/cloud-spec.ts";

/** For tests: a cloud on a virtual clock, and the hosts watched from the start. */
export async function watchedCloud(hosts?: CloudSpec["hosts"], diskLocks?: boolean) {
  const clock = virtualClock(1_000_000);
  const cloud = simulatedCloud({ clock, hosts, diskLocks });
  const [host] = cloud.world.hosts();
  if (!host) throw new Error("a cloud without hosts");
  const ids = seededIds(1, clock);
  const addresses = cloud.world
    .hosts()
    .map(({ name, uri, hostKeySha256 }): HostAddress => ({ id: ids.next("hst"), name, uri, hostKeySha256 }));
  const [address] = addresses;
  if (!address) throw new Error("a cloud without hosts");
  const heard: HostSignal[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    for await (const signal of cloud.hypervisor.watch(address, stop.signal)) heard.push(signal);
  })();
  for (const other of addresses.slice(1))
    void (async () => {
      for await (const _ of cloud.hypervisor.watch(other, stop.signal));
    })();
  await clock.advance(100);

  /** The result of a call, or the error that it threw, once time has passed over it. */
  async function settled<T>(promise: Promise<T>, withinMs = 10_000): Promise<T | Error> {
    let result: { value: T | Error } | undefined;
    promise.then(
      (value) => {
        result = { value };
      },
      (error: unknown) => {
        result = { value: error instanceof Error ? error : new Error(String(error)) };
      },
    );
    await clock.runUntil(() => result !== undefined, withinMs);
    if (result === undefined) throw new Error(`no result within ${withinMs} ms`);
    return result.value;
  }

  const uuidOf = (name: string): string => {
    const uuid = cloud.world.guests().find((it) => it.name === name)?.uuid;
    if (uuid === undefined) throw new Error(`no domain ${name}`);
    return uuid;
  };
  /** The id of the host of that name. */
  const idOf = (name: string) => addressOf(name).id;
  const addressOf = (name: string): HostAddress => {
    const found = addresses.find((it) => it.name === name);
    if (!found) throw new Error(`no host ${name}`);
    return found;
  };
  return { clock, cloud, host, address, addressOf, idOf, heard, stop, ended, settled, uuidOf };
}
