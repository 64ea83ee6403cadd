import { expect, test } from "vitest";
import { mappedMemoryOf } from "./migrate-memory.ts";

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
