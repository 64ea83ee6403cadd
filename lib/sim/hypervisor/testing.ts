import type { HostAddress, HostSignal } from "../../engine/ports.ts";
import { virtualClock } from "../clock/virtual-clock.ts";
import { seededIds } from "../ids.ts";
import { simulatedCloud } from "../simulated-cloud.ts";
import type { CloudSpec } from "../world/cloud-spec.ts";

/** For tests: a cloud on a virtual clock, and the first host watched from the start. */
export async function watchedCloud(hosts?: CloudSpec["hosts"]) {
  const clock = virtualClock(1_000_000);
  const cloud = simulatedCloud({ clock, hosts });
  const [host] = cloud.world.hosts();
  if (!host) throw new Error("a cloud without hosts");
  const address: HostAddress = {
    id: seededIds(1, clock).next("hst"),
    name: host.name,
    uri: host.uri,
    hostKeySha256: host.hostKeySha256,
  };
  const heard: HostSignal[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    for await (const signal of cloud.hypervisor.watch(address, stop.signal)) heard.push(signal);
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
    const uuid = [...host.domains.values()].find((it) => it.name === name)?.uuid;
    if (uuid === undefined) throw new Error(`no domain ${name}`);
    return uuid;
  };
  return { clock, cloud, host, address, heard, stop, ended, settled, uuidOf };
}
