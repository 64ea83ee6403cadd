import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Connection, connect } from "../../../libvirt/index.ts";
import { type FakeDomain, FakeHost } from "../../../libvirt/testing/index.ts";
import { tidyDisks } from "./disks.ts";
import type { RestoreRequestOf } from "./messages.ts";
import { Records } from "./record.ts";
import { Stagings } from "./staging.ts";
import { startStaged } from "./start.ts";

const uuid = "11111111-2222-4333-8444-555555555555";
const key = "ckp_1-abc";
const dom = (generation: number, more = "") =>
  `<domain type='kvm'><name>g1</name><uuid>${uuid}</uuid><metadata><belay:vm xmlns:belay="urn:belay:vm:1" generation="${generation}"${more}/></metadata></domain>`;
const request: RestoreRequestOf<"start"> = {
  ...{ kind: "start", serial: 1, uuid, key, checkpoint: "ckp_1", name: "g1", generation: 3, run: "run1", keep: [] },
  ...{ definition: dom(3), portable: dom(3, ' restore="run1"'), lazy: null, overlays: [], beside: false, held: false },
};

let dir: string;
let stagings: Stagings;
let host: FakeHost;
let domain: FakeDomain;
let connection: Connection;
/** libvirt keeps two: of the run, and of the next start. */
let kept: string;
let defined: string[];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-start-"));
  stagings = new Stagings(new Records(path.join(dir, "records")), {
    ...{ directory: path.join(dir, "shm"), ownedLike: dir },
  });
  await stagings.records.write({
    ...{ version: 1, uuid, key, token: key, phase: "whole", redo: null },
    content: { checkpoint: "ckp_1", files: [], streamHead: null, cookie: null },
  });
  host = new FakeHost();
  domain = host.add("g1", uuid);
  kept = dom(3);
  domain.xml = kept;
  defined = [];
  host.server.handle({
    domain_define_xml_flags: ({ xml }) => {
      kept = xml;
      defined.push(xml);
      if (domain.id < 0) domain.xml = xml;
      return { dom: { name: "g1", uuid, id: domain.id } };
    },
    domain_get_metadata: () => ({
      metadata: /<belay:vm[^>]*>/.exec(domain.id < 0 ? kept : domain.xml)?.[0] ?? "",
    }),
    domain_restore_flags: () => {
      run(request.portable ?? "");
    },
  });
  connection = await connect({ dialer: host.server.dialer(), keepalive: false });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await connection.close();
  await rm(dir, { recursive: true, force: true });
});

function run(xml: string): void {
  domain.id = 7;
  domain.xml = xml;
  host.become(domain, "running", "restored", "started", "restored");
}
const refuseActive = () => {
  throw new Error("Requested operation is not valid: domain is already active as 'g1'");
};

describe("the start of a restore", () => {
  test("is done when its own run is there, also where the answer was lost", async () => {
    host.server.handle({
      domain_restore_flags: () => {
        run(request.portable ?? "");
        throw new Error("the connection was reset");
      },
    });
    expect(await startStaged(connection, stagings, request)).toMatchObject({ done: true });
    expect(await stagings.records.read(request)).toBeUndefined();
  });

  test("is not done by somebody who starts the VM between the look and the definition: what was kept is kept", async () => {
    host.server.handle({
      domain_define_xml_flags: ({ xml }) => {
        if (defined.length === 0) run(kept); // of the same generation, from its own disk
        kept = xml;
        defined.push(xml);
        return { dom: { name: "g1", uuid, id: domain.id } };
      },
    });
    await expect(startStaged(connection, stagings, request)).rejects.toThrow("Somebody started it meanwhile.");
    expect(defined).toHaveLength(2);
    expect(domain.state).toBe("running");
  });

  test("nor by somebody who is quicker than the restore itself", async () => {
    host.server.handle({
      domain_restore_flags: () => {
        run(kept);
        return refuseActive();
      },
    });
    await expect(startStaged(connection, stagings, request)).rejects.toThrow("already active");
    expect(domain.state).toBe("running");
    expect(defined.at(-1)).toBe(dom(3));
  });

  test("takes no file away that a run may have open which somebody started from the restored disks", async () => {
    const overlay = path.join(dir, "g1.belay-11111111-x.qcow2");
    // Makes the file that it is told to make.
    await writeFile(
      path.join(dir, "qemu-img"),
      '#!/bin/sh\nfor it; do case "$it" in *.qcow2) : > "$it";; esac; done\n',
      {
        mode: 0o755,
      },
    );
    vi.stubEnv("PATH", `${dir}:${process.env.PATH}`);
    const files = [{ volume: "disk/vda", kind: "disk", path: path.join(dir, "x.base"), sizeBytes: 4096 } as const];
    const found = await stagings.records.read(request);
    if (found) await stagings.records.write({ ...found, content: { ...found.content, files } });
    await writeFile(path.join(dir, "x.base"), "");
    host.server.handle({
      domain_restore_flags: () => {
        run(dom(3).replace("</domain>", `<devices><disk><source file='${overlay}'/></disk></devices></domain>`));
        return refuseActive();
      },
    });
    const overlays = [{ volume: "disk/vda", path: overlay, sizeBytes: 4096 }];
    await expect(startStaged(connection, stagings, { ...request, overlays })).rejects.toThrow(
      "from the restored disks",
    );
    expect(await readdir(dir)).toContain(path.basename(overlay));
  });
});

test("of older restores' disks those stay that a definition names, and the youngest of the others", async () => {
  const disks = path.join(dir, "disks");
  await mkdir(disks);
  const name = (token: string) => path.join(disks, `g1.qcow2.belay-11111111-${token}.qcow2`);
  for (const [age, token] of ["now", "c", "b", "a", "own"].entries()) {
    await writeFile(name(token), token);
    await utimes(name(token), 1_000_000 - age, 1_000_000 - age);
    await writeFile(name(token).replace(/qcow2$/, "base"), token);
  }
  await writeFile(path.join(disks, "g1.qcow2"), "as it was made");
  await writeFile(path.join(disks, "g1.qcow2.belay-99999999-beside.qcow2"), "another VM's");
  await tidyDisks(name("now"), (file) => file === name("own"));
  const left = (await readdir(disks)).map((it) => it.replace(/^g1\.qcow2\.?/, "")).sort();
  expect(left).toEqual([
    "",
    "belay-11111111-c.base",
    "belay-11111111-c.qcow2",
    "belay-11111111-now.base",
    "belay-11111111-now.qcow2",
    "belay-11111111-own.base",
    "belay-11111111-own.qcow2",
    "belay-99999999-beside.qcow2",
  ]);
});
