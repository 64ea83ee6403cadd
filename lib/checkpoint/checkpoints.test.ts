import { afterEach, describe, expect, test } from "vitest";
import type { Handler } from "./agent/exchange.ts";
import { AgentFailure } from "./agent/failure.ts";
import { aCheckpoint, aVm, fakeHost, pagesOf } from "./testing/fake-agent.ts";
import { DamagedData, type PageBatch } from "./words.ts";

let host: Awaited<ReturnType<typeof fakeHost>>;
afterEach(() => host.close());
const never = new AbortController().signal;

const xml = `<domain type="qemu"><name>g1</name><devices><disk type="file"><driver name="qemu" type="qcow2"/><source file="/a/g1.qcow2"/><target dev="vda"/></disk></devices></domain>`;

/** Captures whose pages the test names, one list for each. */
function capturing(
  dir: () => string,
  lists: PageBatch[][],
  meanwhile?: (signal: AbortSignal) => Promise<void>,
): Handler {
  return async (message, exchange) => {
    const { checkpoint, vm, uuid, organization, base, method } = message;
    const facts = {
      ...{
        checkpoint,
        vm,
        vmUuid: uuid,
        organization,
        base,
        method,
        domainXml: xml,
        streamHead: "aGVhZA==",
        cookie: null,
      },
      disks: [{ volume: "disk/vda", target: "vda", path: `${dir()}/disks/g1.qcow2`, format: "qcow2" }],
    };
    const volumes = [
      { name: "memory/pc.ram", kind: "memory", sizeBytes: 16 * 4096 },
      { name: "disk/vda", kind: "disk", sizeBytes: 8 * 4096 },
    ];
    await exchange.send({ kind: "facts", facts, volumes });
    for (const batch of lists.shift() ?? []) await exchange.sendPages(batch);
    await meanwhile?.(exchange.signal);
    const end = { at: 1_000, pauseMs: 12, tookMs: 300, changedBytes: 4096, words: "" };
    await exchange.send({ kind: "end", end });
    return { kind: "done", words: "" };
  };
}

describe("the engine's side", () => {
  test("keeps what the agent captures, and the same id twice is one", async () => {
    host = await fakeHost({
      capture: capturing(
        () => host.dir,
        [
          [
            pagesOf("memory/pc.ram", [
              [0, 1],
              [5, 2],
            ]),
          ],
        ],
      ),
    });
    const vm = aVm();
    const request = { id: aCheckpoint(), vm, method: "background" as const, base: null };
    const taken = await host.checkpoints.capture(request, never);
    expect(taken).toMatchObject({ at: 1_000, pauseMs: 12, method: "background", wholeBytes: 2 * 4096 });
    expect(await host.checkpoints.capture(request, never)).toEqual(taken);
    expect(await host.checkpoints.held(vm)).toEqual([{ id: request.id, at: 1_000, valid: true }]);
    expect(host.state.starts).toBe(1);
  });

  test("says before anything is touched that a disk is not there any more", async () => {
    host = await fakeHost({ capture: capturing(() => host.dir, [[]]) });
    const vm = aVm();
    const id = aCheckpoint();
    await host.checkpoints.capture({ id, vm, method: "background", base: null }, never);
    const whyNot = (definition: string) =>
      host.checkpoints.whyNot({ checkpoint: id, vm: { ...vm, name: "g1" }, definition, generation: 1 });
    expect(await whyNot(xml)).toBeUndefined();
    expect(await whyNot(xml.replace("vda", "sda"))).toBe("It had a disk then that it has not any more: vda.");
    expect(await whyNot("<domain type='qemu'/>")).toContain("vda");
  });

  test("what the agent refuses, and what is called off, leaves nothing", async () => {
    let aborted = false;
    const waits = (signal: AbortSignal) =>
      new Promise<void>((_, reject) =>
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(new AgentFailure("interrupted", "It was called off."));
        }),
      );
    const refuse = async () => {
      throw new AgentFailure("not-possible", "It cannot be.", "qemu's words");
    };
    host = await fakeHost({ capture: capturing(() => host.dir, [], waits), probe: refuse, sweep: refuse });
    const vm = aVm();
    const stop = new AbortController();
    const taking = host.checkpoints.capture({ id: aCheckpoint(), vm, method: "background", base: null }, stop.signal);
    setImmediate(() => stop.abort());
    await expect(taking).rejects.toMatchObject({ name: "CaptureFailed", kind: "interrupted" });
    await expect.poll(() => aborted).toBe(true);
    expect(await host.checkpoints.held(vm)).toEqual([]);
    await expect(host.checkpoints.sweep(vm.hostId, vm)).rejects.toMatchObject({ name: "HypervisorRefused" });
  });

  test("a store that is slow with one capture holds back nothing else of its host", async () => {
    const batches = Array.from({ length: 400 }, (_, i) => pagesOf("memory/pc.ram", [[i % 16, 1]]));
    host = await fakeHost({
      capture: capturing(() => host.dir, [batches]),
      probe: async () => ({ kind: "offer", offer: { method: "background", words: "", lazy: true } }),
    });
    const vm = aVm();
    const slow = Promise.withResolvers<void>();
    const put = host.store.put.bind(host.store);
    host.store.put = (frames) =>
      put(
        (async function* () {
          for await (const frame of frames) {
            if (frame.kind === "pages") await slow.promise;
            yield frame;
          }
        })(),
      );
    const request = { id: aCheckpoint(), vm, method: "background" as const, base: null };
    const taking = host.checkpoints.capture(request, never);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(await host.checkpoints.probe(vm.hostId, vm)).toMatchObject({ method: "background" });
    slow.resolve();
    expect(await taking).toMatchObject({ method: "background" });
  });

  test("an agent that dies ends its capture, and the next one is a new agent's", async () => {
    const waits = () => {
      host.kill();
      return new Promise<void>(() => undefined);
    };
    host = await fakeHost({ capture: capturing(() => host.dir, [], waits) });
    const vm = aVm();
    const request = { id: aCheckpoint(), vm, method: "background" as const, base: null };
    await expect(host.checkpoints.capture(request, never)).rejects.toMatchObject({ kind: "interrupted" });
    host.state.stands = true;
    await expect.poll(() => host.state.starts).toBe(2); // at once: it takes away what the first one left
  });

  test("a standby is sent once, then by what differs; a damaged checkpoint leaves it as it was", async () => {
    host = await fakeHost({
      capture: capturing(
        () => host.dir,
        [
          [
            pagesOf("memory/pc.ram", [
              [0, 1],
              [5, 2],
            ]),
            pagesOf("disk/vda", [[3, 3]]),
          ],
          [
            pagesOf("memory/pc.ram", [
              [5, 0],
              [6, 4],
            ]),
          ],
          [pagesOf("memory/pc.ram", [[7, 7]])],
        ],
      ),
    });
    const vm = aVm();
    const there = aVm().hostId;
    const ids = [aCheckpoint(), aCheckpoint(), aCheckpoint()] as const;
    let base: (typeof ids)[number] | null = null;
    for (const id of ids) {
      await host.checkpoints.capture({ id, vm, method: "background", base }, never);
      base = id;
    }
    const at = (checkpoint: (typeof ids)[number]) => ({ checkpoint, vm, definition: xml, generation: 2 });
    await host.checkpoints.refreshStandby(there, at(ids[0]));
    expect(await host.checkpoints.standbyReady(there, vm, ids[0])).toBe(true);
    expect(host.store.pagesRead).toBe(3);

    await host.checkpoints.refreshStandby(there, at(ids[1]));
    await host.checkpoints.refreshStandby(there, at(ids[1]));
    expect(host.store.pagesRead).toBe(5);
    expect(await host.checkpoints.standbyReady(there, vm, ids[0])).toBe(false);
    expect(await host.checkpoints.standbyReady(there, vm, ids[1])).toBe(true);

    host.store.damage(ids[2]);
    await expect(host.checkpoints.refreshStandby(there, at(ids[2]))).rejects.toMatchObject({
      name: "CheckpointDamaged",
    });
    expect(await host.checkpoints.standbyReady(there, vm, ids[1])).toBe(true);
    const isHeldWell = async () => (await host.checkpoints.held(vm)).find(({ id }) => id === ids[2])?.valid;
    expect(await isHeldWell()).toBe(false);
    host.store.mend(ids[2]); // the disk's word was wrong once: who asks what is held reads it anew
    expect(await isHeldWell()).toBe(true);

    host.kill();
    await expect.poll(() => host.checkpoints.standbyReady(there, vm, ids[1])).toBe(true); // another agent, the same host
    await host.checkpoints.dropStandby(there, vm);
    expect(await host.checkpoints.standbyReady(there, vm, ids[1])).toBe(false);
  });

  test("what the store cannot build on is no base, and a base that turns out damaged is told as that", async () => {
    const bases: unknown[] = [];
    const taking: Handler = (message, exchange) => {
      bases.push(message.base);
      return capturing(() => host.dir, [])(message, exchange);
    };
    host = await fakeHost({ capture: taking });
    const vm = aVm();
    const take = async (base: ReturnType<typeof aCheckpoint> | null) => {
      const id = aCheckpoint();
      await host.checkpoints.capture({ id, vm, method: "background", base }, never);
      return id;
    };
    const first = await take(null);
    const second = await take(first);
    host.store.damage(second);
    await take(second);
    await take(aCheckpoint());
    expect(bases).toEqual([null, first, null, null]);
    expect((await host.checkpoints.standing()).damaged).toEqual([{ id: second, vmId: vm.id }]);

    host.store.put = async () => {
      throw new DamagedData("The base is damaged.");
    };
    await expect(take(first)).rejects.toMatchObject({ name: "CheckpointDamaged" });
  });

  test("a group is kept whole or not at all", async () => {
    const steps: string[] = [];
    const member: Handler = async (message, exchange) => {
      const gone = Promise.withResolvers<void>();
      exchange.signal.addEventListener("abort", () => gone.reject(exchange.signal.reason));
      exchange.onMessage(async ({ kind }) => {
        steps.push(kind);
        if (kind === "go") gone.resolve();
        return { kind: "done", words: "" };
      });
      await exchange.send({ kind: "prepared" });
      await gone.promise;
      if (failing === message.uuid) throw new AgentFailure("interrupted", "no");
      return capturing(() => host.dir, [])(message, exchange);
    };
    let failing: unknown;
    host = await fakeHost({ prepare: member });
    const vms = [aVm(), aVm()];
    const requests = () => vms.map((vm) => ({ id: aCheckpoint(), vm, method: "background" as const, base: null }));
    const found = await host.checkpoints.captureGroup(requests(), never);
    expect([...found.keys()]).toEqual(vms.map(({ id }) => id));
    expect(steps).toEqual(["hold", "hold", "go", "go"]);
    failing = vms[1]?.uuid;
    await expect(host.checkpoints.captureGroup(requests(), never)).rejects.toMatchObject({ name: "CaptureFailed" });
    for (const vm of vms) expect(await host.checkpoints.held(vm)).toHaveLength(1);
  });
});
