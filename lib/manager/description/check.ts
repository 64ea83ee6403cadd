import { needsOf, portOf } from "./bindings.ts";
import type { FaultAt, FieldPath } from "./fault.ts";
import { nearest } from "./known-fields.ts";
import { mirrorsApart } from "./mirrors.ts";
import type { Description, ServerSpec } from "./schema.ts";

/** What a schema cannot say: names that must exist, cycles, groups of one. */
export function checkDescription(description: Description): readonly FaultAt[] {
  return [
    ...doubles(description),
    ...unknownNames(description),
    ...sources(description),
    ...placement(description),
    ...ports(description),
    ...cycles(description),
    ...mirrorsApart(description),
  ];
}

function doubles({ vms, servers, sensors }: Description): readonly FaultAt[] {
  const among = (list: readonly { readonly name: string }[], path: FieldPath, what: string) =>
    list.flatMap(({ name }, at) =>
      list.findIndex((other) => other.name === name) < at
        ? [
            {
              path: [...path, at, "name"],
              message: `another ${what} is called ${name} already.`,
              cure: "Give it another name.",
            },
          ]
        : [],
    );
  return [
    ...among(vms, ["vms"], "VM"),
    ...among(servers, ["servers"], "server"),
    ...among(sensors.own, ["sensors", "own"], "sensor"),
  ];
}

function unknownNames(description: Description): readonly FaultAt[] {
  const { vms, servers, images, archives, secrets, sensors, answers } = description;
  const vmNames = vms.map((vm) => vm.name);
  const serverNames = servers.map((server) => server.name);
  const faults: FaultAt[] = [];
  const must = (name: string | undefined, known: readonly string[], what: string, path: FieldPath): void => {
    if (name === undefined || known.includes(name)) return;
    const meant = nearest(name, known);
    const cure = meant
      ? `Write "${meant}".`
      : known.length
        ? `Use one of ${known.join(", ")}.`
        : `Add it under \`${what}s\`.`;
    faults.push({ path, message: `there is no ${what} ${name}.`, cure });
  };
  const mustAll = (names: readonly string[], known: readonly string[], what: string, path: FieldPath) =>
    names.forEach((name, at) => void must(name, known, what, [...path, at]));
  vms.forEach((vm, at) => void must(vm.image, Object.keys(images), "image", ["vms", at, "image"]));
  servers.forEach((server, at) => {
    const here = ["servers", at] as const;
    must(server.vm, vmNames, "vm", [...here, "vm"]);
    mustAll(server.uses, serverNames, "server", [...here, "uses"]);
    mustAll(server.balances, serverNames, "server", [...here, "balances"]);
    must(server.archive, Object.keys(archives), "archive", [...here, "archive"]);
    if (server.kind !== "mariadb") return;
    const databases = servers.filter((other) => other.kind === "mariadb").map((other) => other.name);
    const options = [...here, "options"];
    mustAll(server.options.replicates, databases, "server", [...options, "replicates"]);
    must(server.options.replicationPassword, Object.keys(secrets), "secret", [...options, "replicationPassword"]);
    server.options.users.forEach((user, n) => {
      must(user.password, Object.keys(secrets), "secret", [...options, "users", n, "password"]);
    });
  });
  sensors.own.forEach((sensor, at) => {
    must(sensor.server, serverNames, "server", ["sensors", "own", at, "server"]);
    if (sensor.from !== "manager") must(sensor.from, vmNames, "vm", ["sensors", "own", at, "from"]);
  });
  mustAll(sensors.off, serverNames, "server", ["sensors", "off"]);
  mustAll(answers.decline, vmNames, "vm", ["answers", "decline"]);
  mustAll(answers.postpone?.vms ?? [], vmNames, "vm", ["answers", "postpone", "vms"]);
  return faults;
}

const countOf = (...values: readonly unknown[]) => values.filter((value) => value !== undefined).length;

function sources({ archives, secrets, servers }: Description): readonly FaultAt[] {
  return [
    ...Object.entries(archives).flatMap(([name, { file, url }]) =>
      countOf(file, url) === 1
        ? []
        : [{ path: ["archives", name], message: "must have either a file or a url.", cure: "Write one of the two." }],
    ),
    ...Object.entries(secrets).flatMap(([name, { env, file, generate }]) =>
      countOf(env, file, generate) === 1
        ? []
        : [
            {
              path: ["secrets", name],
              message: "must have one of env, file and generate.",
              cure: "Write one of the three.",
            },
          ],
    ),
    ...servers.flatMap((server, at) =>
      server.files.flatMap(({ from, content }, n) =>
        countOf(from, content) === 1
          ? []
          : [
              {
                path: ["servers", at, "files", n],
                message: "must have either from or content.",
                cure: "Write one of the two.",
              },
            ],
      ),
    ),
  ];
}

function placement({ vms, servers }: Description): readonly FaultAt[] {
  return vms.flatMap((vm, at) => {
    const faults: FaultAt[] = [];
    if (!servers.some((server) => server.vm === vm.name))
      faults.push({
        path: ["vms", at],
        message: `no server is on the VM ${vm.name}.`,
        cure: `Name it in a server's \`vm\`, or remove it.`,
      });
    if (vm.apart !== undefined && vms.filter((other) => other.apart === vm.apart).length === 1)
      faults.push({
        path: ["vms", at, "apart"],
        message: `the group ${vm.apart} has this one VM only, so nothing is kept apart.`,
        cure: "Name the same group in another VM, or remove it.",
      });
    return faults;
  });
}

function ports({ servers }: Description): readonly FaultAt[] {
  return servers.flatMap((server, at) => {
    const port = portOf(server);
    const first = servers.findIndex((other) => other.vm === server.vm && portOf(other) === port);
    if (port !== 0 && first < at)
      return [
        {
          path: ["servers", at, server.port === undefined ? "name" : "port"],
          message: `${servers[first]?.name} listens on port ${port} of the VM ${server.vm} already.`,
          cure: "Give one of the two another port.",
        },
      ];
    const user = servers.find((other) => needsOf(other).includes(server.name));
    if (port === 0 && user !== undefined && user.kind !== "command")
      return [
        {
          path: ["servers", at, "name"],
          message: `${user.name} uses it, and it has no port.`,
          cure: 'Add a line "port: …".',
        },
      ];
    return [];
  });
}

function cycles({ servers }: Description): readonly FaultAt[] {
  const named = new Map(servers.map((server) => [server.name, server]));
  const found = new Set<string>();
  const faults: FaultAt[] = [];
  const walk = (server: ServerSpec, trail: readonly string[]): void => {
    const from = trail.indexOf(server.name);
    if (from >= 0) {
      const loop = trail.slice(from);
      const name = [...loop].sort().join(" ");
      if (found.has(name)) return;
      found.add(name);
      const at = servers.findIndex((other) => other.name === loop[0]);
      const path = ["servers", at, server.uses.includes(loop[1] ?? server.name) ? "uses" : "balances"];
      faults.push({
        path,
        message: `${[...loop, loop[0]].join(" needs ")}: none of them could be started first.`,
        cure: "Remove one of these bindings. Databases that follow each other name each other in options.replicates.",
      });
      return;
    }
    for (const name of needsOf(server)) {
      const next = named.get(name);
      if (next !== undefined) walk(next, [...trail, server.name]);
    }
  };
  for (const server of servers) walk(server, []);
  return faults;
}
