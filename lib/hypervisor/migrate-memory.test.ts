import { execFile } from "node:child_process";
import { access, mkdtemp, open, readFile, rm, statfs, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { makeReady, mappedMemoryOf } from "./migrate-memory.ts";

const uuid = "377aeaa9-4999-4204-a80b-3ac2b41b46aa";
const other = "477aeaa9-4999-4204-a80b-3ac2b41b46aa";
const xml = (file: string) => `<domain type='qemu'>
  <qemu:commandline>
    <qemu:arg value='-object'/>
    <qemu:arg value='memory-backend-file,id=belay-ram,size=268435456,mem-path=${file},share=on'/>
  </qemu:commandline>
</domain>`;

test.each([
  ["ours", xml(`/dev/shm/belay/${uuid}-a.ram`), `/dev/shm/belay/${uuid}-a.ram`],
  [
    "ours, quoted in the other way",
    xml(`/dev/shm/belay/${uuid}-a.ram`).replaceAll("'", '"'),
    `/dev/shm/belay/${uuid}-a.ram`,
  ],
  ["another VM's", xml(`/dev/shm/belay/${other}-a.ram`), undefined],
  ["a file of the provider's", xml(`/dev/shm/${uuid}-a.ram`), undefined],
  ["a way out of the directory", xml(`/dev/shm/belay/../${uuid}-a.ram`), undefined],
  ["none", "<domain type='qemu'/>", undefined],
])("the image of a restored guest's memory in its definition: %s", (_, definition, file) => {
  const sizeBytes = 256 * 1024 * 1024;
  expect(mappedMemoryOf(definition, uuid)).toEqual(file === undefined ? undefined : { file, sizeBytes });
});

test("the destination has room for what its own guests have not written to yet, and for one more, or refuses", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-ready-"));
  const directory = path.join(dir, "belay");
  const image = path.join(directory, "it's $HOME.ram");
  const sizeBytes = 1024 * 1024;
  const ready = () =>
    new Promise<string | number>((resolve) => {
      const args = ["-c", makeReady, "sh", directory, image, String(sizeBytes)];
      execFile("sh", args, { timeout: 10_000 }, (error) => resolve(error?.code ?? 0));
    });
  expect(await ready()).toBe(0);
  await writeFile(image, "of an earlier run");
  expect(await ready()).toBe(0);
  expect((await readFile(image)).equals(Buffer.alloc(sizeBytes))).toBe(true);
  const other = await open(path.join(directory, "other.ram"), "wx");
  const { bavail, bsize } = await statfs(dir);
  await other.truncate(2 * bavail * bsize);
  await other.close();
  expect(await ready()).toBe(3);
  await expect(access(image)).rejects.toThrow();
  await rm(directory, { recursive: true });
  await symlink(dir, directory);
  expect(await ready()).toBe(4);
  await rm(dir, { recursive: true, force: true });
});
