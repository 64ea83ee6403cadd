import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createGuest,
  ensureImage,
  type GuestImage,
  type GuestInfo,
  type ImageName,
  type LabState,
  labDown,
  labImage,
  labNetwork,
  labUp,
  runOnHost,
} from "./index.ts";
import { toNumber } from "./subnet.ts";
import { type RunOptions, run } from "./system/run.ts";
import { connect, until } from "./testing.ts";

const name = "ltimages";
let lab: LabState;
let image: GuestImage;
let archives: Server;

/** Of those in the archive; what another needs comes before it. */
const apacheModules = [
  ...[
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_host",
    "dir",
    "headers",
    "rewrite",
    "status",
    "proxy",
    "slotmem_shm",
  ],
  ...["proxy_balancer", "proxy_fcgi", "proxy_hcheck", "proxy_http", "lbmethod_byrequests", "lbmethod_bybusyness"],
];
/** What the archive of a server, or the image with all of them, must make work. Each ends with 0. */
const works = {
  httpd: [
    "printf 'ServerRoot /usr/lib/apache2\\nServerName x\\nListen 8080\\nPidFile /run/h.pid\\nErrorLog /tmp/h.log\\n' > /tmp/h.conf",
    ...apacheModules.map((one) => `echo LoadModule ${one}_module modules/mod_${one}.so >> /tmp/h.conf`),
    "apache2 -t -f /tmp/h.conf",
  ],
  php: [
    'php8.2 -r \'exit(extension_loaded("mysqli") && extension_loaded("pdo_mysql") && extension_loaded("mysqlnd") ? 0 : 1);\'',
    "php-fpm8.2 -i | grep -q mysqli",
    // libxml2 without the tables of ICU.
    `php8.2 -r 'exit(libxml_use_internal_errors() === false ? 0 : 1);'`,
  ],
  haproxy: [
    "printf 'defaults\\n mode tcp\\n timeout connect 1s\\n timeout client 1s\\n timeout server 1s\\nlisten a\\n bind :3306\\n option mysql-check user u\\n server s 127.0.0.1:1 check\\n' > /tmp/p.cfg",
    "haproxy -c -f /tmp/p.cfg",
  ],
  mariadb: [
    "mkdir -p /run/mysqld && chown mysql:mysql /run/mysqld",
    "(setsid mariadbd --defaults-file=/etc/mysql/belay.cnf </dev/null >/tmp/m.log 2>&1 &)",
    "n=0; until mariadb -e 'create database a; create table a.b (c int primary key) engine=innodb; insert into a.b values (7)' 2>/dev/null; do n=$((n+1)); [ $n -lt 200 ] || { cat /tmp/m.log; exit 1; }; sleep 0.1; done",
    "mariadb-dump a | grep -q 'VALUES (7)\\|(7)'",
    "mariadb -e 'set global rpl_semi_sync_master_enabled=1; set global rpl_semi_sync_slave_enabled=1'",
    "mariadb-binlog --version",
  ],
} as const;

const inGuest = (guest: GuestInfo, command: string, options: RunOptions = {}) => {
  const settings = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  const flags = ["-F", "/dev/null", "-i", lab.identityFile, ...settings.flatMap((one) => ["-o", one])];
  return run(["ssh", ...flags, `root@${guest.address}`, command], { timeoutMs: 60_000, ...options });
};

async function made(image: Exclude<ImageName, "web">): Promise<GuestInfo> {
  const guest = await createGuest(name, { name: image, host: "host-1", image });
  await until("a login", async () => ((await inGuest(guest, "true")).code === 0 ? true : undefined));
  return guest;
}

beforeAll(async () => {
  await labDown(name);
  lab = await labUp({ name, hosts: 1 });
  image = await ensureImage({ image: "bare" });
  archives = createServer((request, reply) => {
    const file = path.join(image.servers?.dir ?? "", path.basename(request.url ?? ""));
    createReadStream(file)
      .on("error", () => reply.destroy())
      .pipe(reply);
  });
  await new Promise<void>((resolve) => archives.listen(0, lab.gateway, resolve));
}, 600_000);
afterAll(async () => {
  archives.close();
  await labDown(name);
});

it("bare has SSH and nothing that serves; with an archive unpacked over it each server works", async () => {
  const guest = await made("bare");
  expect(await connect(guest.address, 80)).toBeUndefined();
  expect((await inGuest(guest, "ls /usr/lib/belay/servers; command -v mariadbd php8.2 haproxy apache2")).stdout).toBe(
    "",
  );
  const at = archives.address();
  const from = `http://${lab.gateway}:${typeof at === "object" ? at?.port : 0}`;
  expect(image.servers?.archives.map((one) => one.name)).toEqual(Object.keys(works));
  for (const archive of image.servers?.archives ?? []) {
    const fetch = [
      `wget -q -O /tmp/a ${from}/${archive.file}`,
      `echo '${archive.sha256}  /tmp/a' | sha256sum -c`,
      "tar -xzf /tmp/a -C / && tar -xzf /tmp/a -C /",
      `cat /usr/lib/belay/servers/${archive.name}`,
    ];
    const done = await inGuest(guest, ["set -e", ...fetch, ...works[archive.name]].join("\n"));
    expect(done, archive.name).toMatchObject({ code: 0, stdout: expect.stringContaining(archive.version) });
  }
}, 240_000);

it("prepared has all of the servers, and starts none by itself", async () => {
  const guest = await made("prepared");
  for (const port of [80, 3306]) expect(await connect(guest.address, port)).toBeUndefined();
  for (const [server, commands] of Object.entries(works)) {
    const done = await inGuest(guest, ["set -e", `cat /usr/lib/belay/servers/${server}`, ...commands].join("\n"));
    expect(done, server).toMatchObject({ code: 0 });
  }
}, 240_000);

it("are given to Belay's registry as the hosts see them, with addresses that no guest of the lab has", async () => {
  const known = await labImage(name, "bare");
  expect(known).toMatchObject({ name: "bare", sha256: image.sha256, format: "qcow2", boot: { kind: "kernel" } });
  const { stdout } = await runOnHost(name, "host-1", ["qemu-img", "info", "-U", "--output=json", known.path]);
  expect(JSON.parse(stdout)).toMatchObject({ format: "qcow2", "virtual-size": known.sizeBytes });
  if (known.boot.kind === "kernel")
    expect(
      (await runOnHost(name, "host-1", ["test", "-r", known.boot.kernel, "-a", "-r", known.boot.initrd])).code,
    ).toBe(0);
  const network = await labNetwork(name);
  expect(network).toMatchObject({ bridge: "br0", gateway: lab.gateway, prefixLength: 22 });
  const guest = await createGuest(name, { name: "other", host: "host-1", start: false });
  expect(toNumber(guest.address)).toBeLessThan(toNumber(network.from));
});
