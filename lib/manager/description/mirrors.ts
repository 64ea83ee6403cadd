import type { FaultAt, FieldPath } from "./fault.ts";
import type { Description, ServerSpec } from "./schema.ts";

/** Servers that stand in for each other, and the line of the description that says so. */
interface Mirrors {
  readonly servers: readonly ServerSpec[];
  readonly path: FieldPath;
  readonly words: string;
}

/**
 * Mirrors of one service are of use only while one host's death leaves one of them: their VMs must be kept on different hosts, which the
 * provider is asked for by `apart`. Mirrors are databases that follow each other, always, and the back ends of one server where `replicas`
 * is among the techniques (paper, section III-A: replication on different hosts).
 */
export function mirrorsApart(description: Description): readonly FaultAt[] {
  return [...noReplicas(description), ...mirrorsOf(description).flatMap((mirrors) => fault(description, mirrors))];
}

const named = ({ servers }: Description, names: readonly string[]) =>
  servers.filter(({ name }) => names.includes(name));
const follows = (server: ServerSpec) => (server.kind === "mariadb" ? server.options.replicates : []);

function mirrorsOf(description: Description): readonly Mirrors[] {
  const { servers, alone } = description;
  const followers = circlesOf(description).map((circle): Mirrors => {
    const at = servers.findIndex((server) => circle.includes(server) && follows(server).length > 0);
    return { servers: circle, path: ["servers", at, "options", "replicates"], words: "hold the same data" };
  });
  if (!alone.allow.includes("replicas")) return followers;
  const backEnds = servers.flatMap((balancer, at): readonly Mirrors[] =>
    balancer.balances.length > 1
      ? [
          {
            servers: named(description, balancer.balances),
            path: ["servers", at, "balances"],
            words: `are replicas behind ${balancer.name}`,
          },
        ]
      : [],
  );
  // Said once, where a pair of databases is behind a balancer.
  const isSame = (a: Mirrors, b: Mirrors) => b.servers.every((server) => a.servers.includes(server));
  return [...backEnds, ...followers.filter((one) => !backEnds.some((other) => isSame(other, one)))];
}

/** Databases that hold the same, whoever follows whom, each circle in the order of the description. */
function circlesOf(description: Description): readonly (readonly ServerSpec[])[] {
  const circles: ServerSpec[][] = [];
  for (const server of description.servers) {
    const bound = [server, ...named(description, follows(server))];
    if (bound.length === 1) continue;
    const met = circles.filter((circle) => circle.some((one) => bound.includes(one)));
    for (const circle of met) circles.splice(circles.indexOf(circle), 1);
    const all = new Set([...met.flat(), ...bound]);
    circles.push(description.servers.filter((one) => all.has(one)));
  }
  return circles;
}

function fault({ vms }: Description, { servers, path, words }: Mirrors): readonly FaultAt[] {
  const carriers = servers.map((server) => vms.find(({ name }) => name === server.vm));
  // Names that are not there are told already.
  if (servers.length < 2 || carriers.includes(undefined)) return [];
  const names = servers.map(({ name }) => name).join(", ");
  const own = new Set(carriers);
  if (own.size < carriers.length)
    return [
      {
        path,
        message: `${names} ${words}, and some of them share a VM: they fail together.`,
        cure: "Give each a VM of its own, and these VMs the same group `apart`.",
      },
    ];
  const groups = new Set(carriers.map((vm) => vm?.apart));
  if (groups.size === 1 && !groups.has(undefined)) return [];
  const ofVms = [...own].map((vm) => vm?.name).join(", ");
  return [
    {
      path,
      message: `${names} ${words}, and may all be on one host, and fail with it.`,
      cure: `Write the same group \`apart\` in the VMs ${ofVms}: the provider keeps them on different hosts.`,
    },
  ];
}

function noReplicas({ alone, servers }: Description): readonly FaultAt[] {
  if (!alone.allow.includes("replicas") || servers.some(({ balances }) => balances.length > 1)) return [];
  return [
    {
      path: ["alone", "allow"],
      message: "replicas are asked for, and no server balances two others.",
      cure: "Name the replicas in a server's `balances`, or remove `replicas`.",
    },
  ];
}
