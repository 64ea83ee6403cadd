import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { bindingsOf, serversOn, startOrder } from "./bindings.ts";
import { applicationJsonSchema } from "./known-fields.ts";
import { readDescription } from "./read.ts";

const good = `application:
  name: shop
images:
  system: Bare system
archives:
  db:
    file: db.tar.gz
    sha256: ${"a".repeat(64)}
vms:
  - name: front
    image: system
    memoryMiB: 128
  - name: db-1
    image: system
    memoryMiB: 256
    apart: db
  - name: db-2
    image: system
    memoryMiB: 256
    apart: db
servers:
  - name: proxy
    kind: haproxy
    vm: front
    port: 3306
    balances: [mariadb-1, mariadb-2]
  - name: mariadb-1
    kind: mariadb
    vm: db-1
    state: stateful
    archive: db
    options:
      replicates: [mariadb-2]
  - name: mariadb-2
    kind: mariadb
    vm: db-2
    state: stateful
    options:
      replicates: [mariadb-1]
`;

const faultsOf = (text: string) => {
  const read = readDescription(text);
  return read.ok ? [] : read.faults.map((f) => `${f.line}:${f.column} ${f.field}: ${f.message} ${f.cure}`);
};
const but = (from: string, to: string) => {
  expect(good).toContain(from);
  return faultsOf(good.replace(from, to));
};

test("a good description has nothing wrong, and its bindings are computed", () => {
  const read = readDescription(good);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const addresses = { of: (vm: string) => ({ front: "198.18.0.1", "db-1": "198.18.0.2" })[vm], generationOf: () => 1 };
  expect(startOrder(read.description).map((server) => server.name)).toEqual(["mariadb-1", "mariadb-2", "proxy"]);
  expect(serversOn(read.description, "db-2").map((server) => server.name)).toEqual(["mariadb-2"]);
  const proxy = bindingsOf(read.description, addresses, "proxy");
  expect(proxy.balances.map(({ server, address, port }) => [server, address, port])).toEqual([
    ["mariadb-1", "198.18.0.2", 3306],
    ["mariadb-2", undefined, 3306],
  ]);
  expect(bindingsOf(read.description, addresses, "mariadb-1").usedBy.map((peer) => peer.server)).toEqual([
    "proxy",
    "mariadb-2",
  ]);
});

test.each([
  [
    "an unknown field",
    "    port: 3306\n",
    "    prot: 3306\n",
    '25:5 servers[0].prot: there is no field "prot" here. Write "port".',
  ],
  ["a missing field", "    kind: haproxy\n", "", "22:5 servers[0].kind: is missing or not known. Write one of httpd"],
  ["an unknown kind", "kind: haproxy", "kind: nginx", "23:11 servers[0].kind: is missing or not known."],
  ["a word for a number", "port: 3306", "port: many", "25:11 servers[0].port: must be a number."],
  [
    "an unknown server in a binding",
    "[mariadb-1, mariadb-2]",
    "[mariadb-1, mariabd-2]",
    '26:27 servers[0].balances[1]: there is no server mariabd-2. Write "mariadb-2".',
  ],
  ["a VM without servers", "    vm: db-2\n", "    vm: front\n", "17:5 vms[2]: no server is on the VM db-2."],
  [
    "a group of one",
    "    apart: db\n  - name: db-2",
    "  - name: db-2",
    "19:12 vms[2].apart: the group db has this one VM only",
  ],
  [
    "an archive without a checksum",
    `    sha256: ${"a".repeat(64)}\n`,
    "",
    '7:5 archives.db.sha256: is missing. Add a line "sha256: …".',
  ],
  ["an archive from nowhere", "    file: db.tar.gz\n", "", "7:5 archives.db: must have either a file or a url."],
  [
    "an unknown image",
    "image: system\n    memoryMiB: 128",
    "image: sistem\n    memoryMiB: 128",
    '11:12 vms[0].image: there is no image sistem. Write "system".',
  ],
  [
    "a cycle",
    "    archive: db\n",
    "    uses: [proxy]\n",
    "26:15 servers[0].balances: proxy needs mariadb-1 needs proxy",
  ],
  [
    "two of one name",
    "name: mariadb-2\n",
    "name: mariadb-1\n",
    "34:11 servers[2].name: another server is called mariadb-1 already.",
  ],
  ["broken YAML", "images:\n", "images: [\n", "5:1"],
])("%s is told with its place and cure", (_, from, to, expected) => {
  expect(but(from, to)).toEqual(expect.arrayContaining([expect.stringContaining(expected)]));
});

test("mirrors that may be on one host are told, whether they follow each other or share the work", () => {
  const asked = `${good}alone:\n  allow: [replicas]\n`;
  const noGroup = (text: string) => text.replaceAll("    apart: db\n", "");
  expect(faultsOf(asked)).toEqual([]);
  expect(faultsOf(noGroup(asked))).toEqual([
    "24:15 servers[0].balances: mariadb-1, mariadb-2 are replicas behind proxy, and may all be on one host, and fail with it. " +
      "Write the same group `apart` in the VMs db-1, db-2: the provider keeps them on different hosts.",
  ]);
  expect(faultsOf(noGroup(good))).toEqual([
    expect.stringContaining(
      "31:19 servers[1].options.replicates: mariadb-1, mariadb-2 hold the same data, and may all",
    ),
  ]);
});

test("a group is told that keeps only some of the mirrors apart, and mirrors on one VM", () => {
  const half = but("    apart: db\nservers", "    apart: web\nservers");
  expect(half).toContainEqual(
    expect.stringContaining("servers[1].options.replicates: mariadb-1, mariadb-2 hold the same"),
  );
  expect(but("    vm: db-2\n", "    vm: db-1\n    port: 3307\n")).toContainEqual(
    expect.stringContaining("mariadb-1, mariadb-2 hold the same data, and some of them share a VM"),
  );
});

test("replicas are asked for, and nobody shares any work", () => {
  const alone = good.replace("[mariadb-1, mariadb-2]", "[mariadb-1]");
  expect(faultsOf(`${alone}alone:\n  allow: [replicas]\n`)).toEqual([
    expect.stringContaining("alone.allow: replicas are asked for, and no server balances two others."),
  ]);
});

test("data that are on one disk alone are told at their line, and are no fault", () => {
  const warnedOf = (text: string) => {
    const read = readDescription(text);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    return read.warnings.map(({ line, column, message, cure }) => `${line}:${column} ${message} ${cure}`);
  };
  expect(warnedOf(good)).toEqual([]);
  const alone = good
    .replace("      replicates: [mariadb-2]\n", "      databases: [shop]\n")
    .replace("      replicates: [mariadb-1]\n", "      databases: [shop]\n");
  expect(warnedOf(alone)).toEqual([
    expect.stringMatching(/^27:11 the data of mariadb-1 are on the disk of its VM and nowhere else.*Add replay-server/),
    expect.stringMatching(/^34:11 the data of mariadb-2 /),
  ]);
  expect(warnedOf(`${alone}alone:\n  allow: [replay-server, rebuild-vm]\n`)).toEqual([]);
  const command = (options: string) =>
    warnedOf(`${good}  - { name: book, kind: command, vm: front, state: stateful${options} }\n`);
  expect(command("")).toEqual([expect.stringContaining("Give it the commands `save` and `restore`")]);
  expect(command(", options: { save: cat, restore: cat }")).toEqual([]);
  expect(command(", options: { synchronise: fetch }")).toEqual([]);
});

test("an empty file is told as well", () => {
  expect(faultsOf("").length).toBeGreaterThan(0);
});

test("the published JSON Schema is the one that is used", async () => {
  const published = await readFile(path.resolve(import.meta.dirname, "../../../docs/application.schema.json"), "utf8");
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(applicationJsonSchema())));
});
