import { type Description, portOf, type ServerSpec, serverNamed } from "../description/index.ts";
import type { SensorReading } from "../servers.ts";
import { Script, sh } from "../ssh/index.ts";
import { pathsOf } from "../wrappers/index.ts";
import { observersOf } from "./place.ts";

type Own = Description["sensors"]["own"][number];

/**
 * One sensor. `look` ends with 0 where all is well, and sets `words` where it is not. It runs in the shell that goes on: in emulation each
 * process, and each $(…), is 20 ms of a processor.
 */
export interface Sensor extends Pick<SensorReading, "name" | "kind" | "server" | "vm" | "from"> {
  /** One failed look is enough. */
  readonly certain: boolean;
  /** Every so many rounds: the dear ones are rarer. */
  readonly everyRounds: number;
  readonly look: (addressOf: (vm: string) => string) => Script;
  /** undefined: looks by the script. Only for sensors of the manager itself: `own` of its owner's, or whether the VM lets it in. */
  readonly own?: Own | "let in";
}

/** All sensors of an application: of each kind of server, of its VMs, and its owner's. Pure. */
export function sensorsOf(description: Description): readonly Sensor[] {
  const { servers, vms, sensors } = description;
  const looked = servers.filter(({ name }) => !sensors.off.includes(name));
  const places = observersOf(vms);
  return [
    ...looked.flatMap((server) => sensorsOfServer(server, sensors.everySeconds)),
    ...vms.flatMap(({ name }) => {
      const from = places.get(name);
      return [
        ...(from?.vms ?? []).map((other) => vmSensor(name, other)),
        ...(from?.manager ? [letInSensor(name)] : []),
      ];
    }),
    ...sensors.own.map((own) => ownSensor(own, serverNamed(description, own.server))),
  ];
}

const programs: Readonly<Partial<Record<ServerSpec["kind"], string>>> = {
  httpd: "apache2",
  haproxy: "haproxy",
  mariadb: "mariadbd",
  php: "php-fpm",
};

function sensorsOfServer(server: ServerSpec, everySeconds: number): readonly Sensor[] {
  const inside = { server: server.name, vm: server.vm, from: server.vm };
  const program = programs[server.kind];
  const port = portOf(server);
  const paths = pathsOf(server.name);
  // Starting a client of a database costs an emulated guest a third of a second.
  const rarely = Math.max(1, Math.round(10 / everySeconds));
  return [
    ...(program === undefined
      ? []
      : [
          {
            ...inside,
            name: `${server.name}: process`,
            kind: "process" as const,
            certain: true,
            everyRounds: 1,
            look: () => processLook(paths.pid, program),
          },
        ]),
    ...(server.kind === "haproxy" || server.kind === "php"
      ? [
          {
            ...inside,
            name: `${server.name}: port ${port}`,
            kind: "tcp" as const,
            certain: false,
            everyRounds: 1,
            look: () => listenLook(port),
          },
        ]
      : []),
    ...(server.kind === "httpd"
      ? [
          {
            ...inside,
            name: `${server.name}: http`,
            kind: "http" as const,
            certain: false,
            everyRounds: 1,
            look: () => httpLook("127.0.0.1", port, server.options.healthPath, 3),
          },
        ]
      : []),
    ...(server.kind === "mariadb"
      ? [
          {
            ...inside,
            name: `${server.name}: sql`,
            kind: "sql" as const,
            certain: false,
            everyRounds: rarely,
            look: () => databaseLook(`${paths.config}/my.cnf`),
          },
        ]
      : []),
    ...(server.kind === "command" && server.options.health !== undefined
      ? [commandSensor(`${server.name}: command`, inside, server.options.health, rarely)]
      : []),
  ];
}

const vmSensor = (vm: string, from: string): Sensor => ({
  name: `${vm} from ${from}`,
  kind: "vm",
  server: null,
  vm,
  from,
  certain: false,
  everyRounds: 1,
  look: (addressOf) =>
    sh`/bin/busybox ping -c 1 -W 1 ${addressOf(vm)} > /dev/null 2>&1 || { words="It does not answer a ping."; false; }`,
});

/** The connection that the VM's own sensors report over: it costs the guest nothing. */
const letInSensor = (vm: string): Sensor => ({
  ...{ name: `${vm} from the manager`, kind: "vm", server: null, vm, from: null },
  ...{ certain: false, everyRounds: 1, look: () => Script.empty, own: "let in" },
});

function ownSensor(own: Own, server: ServerSpec): Sensor {
  const seconds = Math.max(1, Math.round(own.withinSeconds));
  const from = own.from ?? server.vm;
  const place = { server: server.name, vm: server.vm, from: from === "manager" ? null : from };
  const port = "port" in own && own.port !== undefined ? own.port : portOf(server);
  const common = { ...place, name: own.name, certain: false, everyRounds: 1, ...(from === "manager" && { own }) };
  const here = from === server.vm;
  switch (own.kind) {
    case "process":
      return {
        ...common,
        kind: "process",
        look: () => sh`/bin/busybox pidof ${own.process} > /dev/null || { words="Its process does not run."; false; }`,
      };
    case "tcp":
      return {
        ...common,
        kind: "tcp",
        look: (addressOf) =>
          here
            ? listenLook(port)
            : sh`/bin/busybox nc -w ${seconds} ${addressOf(server.vm)} ${port} < /dev/null > /dev/null 2>&1 || { words="Its port does not answer."; false; }`,
      };
    case "http":
      return {
        ...common,
        kind: "http",
        look: (addressOf) => httpLook(here ? "127.0.0.1" : addressOf(server.vm), port, own.path, seconds, own.contains),
      };
    case "sql":
      return {
        ...common,
        kind: "sql",
        from: server.vm,
        look: () =>
          sh`words=$(timeout ${seconds} mariadb --defaults-file=${`${pathsOf(server.name).config}/my.cnf`} -N -B -e ${own.query} 2>&1 > /dev/null)`,
      };
    case "command":
      return {
        ...common,
        kind: "command",
        look: () => sh`words=$(timeout ${seconds} sh -c ${own.run} < /dev/null 2>&1)`,
      };
  }
}

const commandSensor = (
  name: string,
  inside: Pick<Sensor, "server" | "vm" | "from">,
  run: string,
  everyRounds: number,
): Sensor => ({
  ...inside,
  name,
  kind: "command",
  certain: false,
  everyRounds,
  look: () => sh`words=$(timeout 5 sh -c ${run} < /dev/null 2>&1)`,
});

/** With the shell's own words alone: in emulation each process costs 20 ms. */
const processLook = (pidFile: string, program: string): Script => sh`pid= comm=
{ read -r pid < ${pidFile}; [ -n "$pid" ] && read -r comm < "/proc/$pid/comm"; } 2> /dev/null
case $comm in ${program}*) ;; *) words="Its process does not run."; false ;; esac`;

const listenLook = (port: number): Script =>
  sh`found=
for table in /proc/net/tcp /proc/net/tcp6; do
  [ -r $table ] && while read -r _ at _ state _; do
    case $at:$state in *:${port.toString(16).toUpperCase().padStart(4, "0")}:0A) found=yes; break ;; esac
  done < $table
done
[ -n "$found" ] || { words="Nothing listens on its port."; false; }`;

function httpLook(host: string, port: number, path: string, seconds: number, contains?: string): Script {
  const ask = sh`timeout ${seconds} /bin/busybox wget -q -O - ${`http://${host}:${port}${path}`} 2> /dev/null`;
  if (contains === undefined)
    return sh`${ask} > /dev/null || { words="It does not answer HTTP as it should."; false; }`;
  return sh`${ask} | grep -q -F -e ${contains} || { words="Its answer does not hold the words."; false; }`;
}

const databaseLook = (
  config: string,
): Script => sh`answer=$(timeout 5 mariadb --defaults-file=${config} -N -B -e ${"SELECT @@global.read_only"} 2>&1)
case $answer in
  0) ;;
  1) words="It answers, and is not in rotation."; false ;;
  *) words="It does not answer: $answer"; false ;;
esac`;
