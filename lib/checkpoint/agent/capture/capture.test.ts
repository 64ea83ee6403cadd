import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { pageBytes } from "../../words.ts";
import { newSeed, pageHash } from "../differ/index.ts";
import { finishJobs, mustLeave } from "./backup.ts";
import { findDisks, type LiveDisk } from "./disks.ts";
import { Differ } from "./memory.ts";
import { choose, type Findings } from "./probe.ts";
import { Spool } from "./spool.ts";

const disk = (target: string, more = "", attributes = "device='disk'") =>
  `<disk type='file' ${attributes}><source file='/images/${target}.qcow2'/><target dev='${target}'/>${more}<alias name='virtio-${target}'/></disk>`;
const domain = (...disks: string[]) => `<domain><name>a</name><devices>${disks.join("")}</devices></domain>`;
const block = (target: string, more: object = {}) => ({
  qdev: `/machine/peripheral/virtio-${target}/virtio-backend`,
  inserted: {
    ...{ "node-name": `node-${target}`, drv: "qcow2", encrypted: false },
    image: { "virtual-size": 4096, "actual-size": 100, "backing-image": { "actual-size": 50 } },
    ...more,
  },
});

describe("disks", () => {
  it("are those that the guest writes to, with QEMU's names; read-only ones and CDs are left out", () => {
    const bitmap = { name: "belay-x", count: 65_536, recording: true, busy: false };
    const found = findDisks(domain(disk("vda"), disk("vdb", "<readonly/>"), disk("sda", "", "device='cdrom'")), [
      block("vda", { "dirty-bitmaps": [bitmap] }),
      block("vdb"),
    ]);
    expect(found).toEqual({
      ok: true,
      disks: [
        {
          ...{ target: "vda", volume: "disk/vda", path: "/images/vda.qcow2", format: "qcow2", node: "node-vda" },
          ...{ sizeBytes: 4096, usedBytes: 150, bitmaps: [{ name: "belay-x", dirtyBytes: 65_536, usable: true }] },
        },
      ],
    });
  });
  it.each([
    ["shared with other VMs", domain(disk("vda", "<shareable/>")), [block("vda")]],
    ["passed through", domain(disk("vda", "", "device='lun'")), [block("vda")]],
    ["not a file", "<domain><devices><disk type='network'><target dev='vda'/></disk></devices></domain>", []],
    ["does not know", domain(disk("vda")), []],
    ["encrypted", domain(disk("vda")), [block("vda", { encrypted: true })]],
  ])("that cannot be captured are said: %s", (words, xml, blocks) => {
    const found = findDisks(xml, blocks);
    expect(found.ok ? "" : found.words).toContain(words);
  });
  it("may be none at all", () => {
    expect(findDisks(domain(), [])).toEqual({ ok: true, disks: [] });
  });
});

it("the best method that works is chosen, and why not a better one", () => {
  const fine: Findings = { running: true, disks: "", copies: "", memory: "", background: "", shared: "", live: "" };
  const of = (found: Partial<Findings>) => choose({ ...fine, ...found });
  expect(of({})).toEqual({ method: "background", words: "" });
  expect(of({ shared: "not shared." })).toEqual({ method: "background", words: "not shared." });
  expect(of({ background: "no userfaultfd" })).toEqual({ method: "live", words: "no userfaultfd" });
  expect(of({ background: "no b.", live: "no l." })).toEqual({ method: "stop", words: "no b. no l." });
  expect(of({ copies: "no copies" })).toEqual({ method: "stop", words: "no copies" });
  expect(of({ memory: "a device" }).method).toBe("disk-only");
  expect(of({ memory: "a device", copies: "no" }).method).toBeNull();
  expect(of({ disks: "odd" })).toEqual({ method: null, words: "odd" });
  expect(of({ running: false }).method).toBeNull();
});

it("a page that becomes zero is told, although the agent before knew it and this one only what was written since", async () => {
  const hash = await pageHash(newSeed());
  const disk = { name: "disk/vda", kind: "disk", sizeBytes: 4 * pageBytes } as const;
  const told: [page: number, zero: boolean][] = [];
  const capture = (base: string, known: ReturnType<Differ["tables"]> | undefined, page: number, fill: number) => {
    const differ = new Differ(hash, base, known, ({ numbers, zero }) => {
      for (const [i, number] of numbers.entries()) told.push([number, zero[i] === 1]);
    });
    const volume = differ.volume(disk);
    volume.unknownPage(page, Buffer.alloc(pageBytes, fill), 0); // the bitmap says that it alone was written to
    volume.flush();
    return differ.tables();
  };
  const after = capture("first", undefined, 0, 7); // a new agent: nothing is known of page 1, which is not zero
  capture("second", after, 1, 0);
  expect(told).toEqual([
    [0, false],
    [1, true],
  ]);
});

describe("room on the host", () => {
  it("is not promised twice to captures that look for it at once", async () => {
    const promised = new Map<string, number>();
    const files = {
      dir: "/work",
      freeBytes: async () => 1000,
      promise: (uuid: string, bytes: number) => void promised.set(uuid, bytes),
      promisedBeside: (uuid: string) =>
        [...promised].reduce((sum, [other, bytes]) => sum + (other === uuid ? 0 : bytes), 0),
    };
    const asked = ["a", "b"].map((uuid) => mustLeave(files, uuid, 800, "a copy", 400));
    const ends = await Promise.allSettled(asked);
    expect(ends.map((it) => it.status)).toEqual(["fulfilled", "rejected"]);
    promised.clear();
    await mustLeave(files, "b", 800, "a copy", 400);
    await mustLeave(files, "b", 800, "what it has not sent"); // its own promise is no other's
  });
});

describe("copies of disks", () => {
  const disk: LiveDisk = {
    ...{ target: "vda", volume: "disk/vda", path: "/a", format: "qcow2", node: "n" },
    ...{ sizeBytes: 1000, usedBytes: 1000, bitmaps: [] },
  };
  /** Each look finds the next of these. */
  const copying = (looks: readonly object[]) => {
    const left = [...looks];
    return {
      qmp: async () => [left.length > 1 ? left.shift() : left[0]],
      until: async <T>(_what: string, _event: string, ask: () => Promise<T | undefined>): Promise<T> => {
        for (;;) {
          const answer = await ask();
          if (answer !== undefined) return answer;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      },
    };
  };
  const running = (done: number) => ({ id: "belay-job-vda", status: "running", "current-progress": done });
  const backups = [{ job: "belay-job-vda", disk }];
  const signal = new AbortController().signal;

  it("are waited for as long as they get on, and it is told how far they are", async () => {
    const told: number[] = [];
    const monitor = copying([
      running(1),
      running(500),
      { id: "belay-job-vda", status: "concluded", error: "gone bad" },
    ]);
    const finished = finishJobs(monitor, backups, { signal, progress: (done) => told.push(done) });
    await expect(finished).rejects.toMatchObject({ message: "A disk could not be copied." });
    expect(told).toEqual([1, 500]);
  });

  it("are given up when they stand", async () => {
    const finished = finishJobs(copying([running(7)]), backups, { signal, progress: () => undefined }, 10);
    await expect(finished).rejects.toMatchObject({ message: expect.stringContaining("did not get on") });
  });
});

describe("the spool", () => {
  const batchOf = (page: number, megabytes: number) => ({
    volume: "v",
    numbers: Uint32Array.from({ length: megabytes * 256 }, (_, i) => page + i),
    zero: new Uint8Array(megabytes * 256),
    data: Buffer.alloc(megabytes * 256 * pageBytes, page),
  });

  it("takes everything at once, gives it in order, in a file what is too much, and leaves no file", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "belay-spool-"));
    try {
      const spool = new Spool<string>(path.join(dir, "spool"));
      spool.note("first");
      for (let i = 0; i < 60; i++) spool.batch(batchOf(i, 1));
      spool.note("last");
      spool.end();
      const got: (string | number)[] = [];
      for await (const item of spool.items(new AbortController().signal)) {
        if (item.kind === "note") got.push(item.note);
        else {
          expect(item.batch.data.every((byte) => byte === item.batch.numbers[0])).toBe(true);
          got.push(item.batch.numbers[0] ?? -1);
        }
      }
      expect(got).toEqual(["first", ...Array.from({ length: 60 }, (_, i) => i), "last"]);
      expect(await readdir(dir)).toEqual(["spool"]);
      await spool.close();
      expect(await readdir(dir)).toEqual([]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it("says when its disk is behind, and gives up before that is full: memory and disk are other guests', too", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "belay-spool-"));
    try {
      const room = Promise.withResolvers<void>();
      const spool = new Spool<string>(path.join(dir, "spool"), () => room.promise);
      for (let i = 0; i < 48; i++) spool.batch(batchOf(i, 1));
      expect(spool.behind).toBeUndefined();
      for (let i = 0; i < 140; i++) spool.batch(batchOf(i, 1));
      const { behind } = spool;
      expect(behind).toBeInstanceOf(Promise);
      const read = (async () => {
        for await (const _ of spool.items(new AbortController().signal));
      })();
      room.reject(new Error("no room"));
      await behind;
      await expect(read).rejects.toThrow("no room");
      expect(spool.behind).toBeUndefined();
      await spool.close();
      expect(await readdir(dir)).toEqual([]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it("ends when it is called off", async () => {
    const spool = new Spool<string>("/nowhere/spool");
    const abort = new AbortController();
    const read = (async () => {
      for await (const _ of spool.items(abort.signal));
    })();
    abort.abort(new Error("off"));
    await expect(read).rejects.toThrow("off");
  });
});
