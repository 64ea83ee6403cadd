import { protectionOf } from "../../decide/index.ts";
import type { FenceDevice, FenceDeviceId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import type { Cloud } from "./cloud.ts";
import { eachOf } from "./limit.ts";
import { within } from "./within.ts";

const testedAtOnce = 8;
const slackMs = 1_000;
/** What the store says of a helper is shown for so long after the engine's start. */
const helperComesMs = 2_000;

/** Tests the power switches, new ones at once and all of them again and again, and says of each host whether it is protected. */
export class Switches {
  readonly #env: Env;
  readonly #cloud: Cloud;
  readonly #inTest = new Set<FenceDeviceId>();

  constructor(env: Env, cloud: Cloud) {
    this.#env = env;
    this.#cloud = cloud;
  }

  /** Tests what is due. True when anything was. */
  async testDue(): Promise<boolean> {
    const now = this.#env.clock.now();
    const due: FenceDevice[] = [];
    for (const [hostId, devices] of this.#cloud.devices) {
      if (this.#cloud.files.get(hostId)?.host.standing === "fencing") continue; // they are in use
      for (const device of devices) {
        const old = device.testedAt === null || now - device.testedAt >= this.#cloud.policy.fenceTestEveryMs;
        if (old && !this.#inTest.has(device.id)) due.push(device);
      }
    }
    await eachOf(due, testedAtOnce, (device) => this.#test(device));
    return due.length > 0;
  }

  async #test(device: FenceDevice): Promise<void> {
    const { clock, fence, store } = this.#env;
    this.#inTest.add(device.id);
    try {
      const found = await within(clock, device.timeoutMs + slackMs, fence.status(device), undefined).then(
        (power) =>
          power === undefined
            ? { ok: false, words: `It did not answer within ${device.timeoutMs / 1000} s.` }
            : { ok: true, words: `It answers: the power is ${power}.` },
        (error: unknown) => ({ ok: false, words: error instanceof Error ? error.message : String(error) }),
      );
      await store.recordFenceTest(device.id, found, clock.now());
    } finally {
      this.#inTest.delete(device.id);
    }
  }

  async recordProtection(): Promise<void> {
    const { clock, store } = this.#env;
    const now = clock.now();
    for (const file of this.#cloud.files.values()) {
      const { host } = file;
      const { helper } = host;
      if (host.standing === "fencing") continue; // it is being proven off, or not: its incident says it
      const old = helper?.connected === true && !file.helperKnown; // said by a life before this one
      if (old && this.#env.clock.monotonicMs() - file.knownSinceMs < helperComesMs) continue;
      const sees = old ? { helper: { ...helper, connected: false } } : host;
      const protection = protectionOf(sees, this.#cloud.devices.get(host.id) ?? [], this.#cloud.policy, now);
      if (protection.ok === host.protection.ok && protection.words === host.protection.words) continue;
      await store.recordProtection(host.id, protection, now);
      file.host = { ...file.host, protection };
    }
  }
}
