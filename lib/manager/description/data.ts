import type { FaultAt } from "./fault.ts";
import type { Description, ServerOf, ServerSpec } from "./schema.ts";

/** Where the data of servers are kept besides on the disk of their VM, which is removed with it. Pure. */

/** A database has data, whatever is said of it; so has what is saved. */
export const hasData = (server: ServerSpec): boolean =>
  server.state === "stateful" || server.kind === "mariadb" || isSavedByCommand(server);

/** Its owner says how its state is written and read. */
export const isSavedByCommand = (server: ServerSpec): server is ServerOf<"command"> =>
  server.kind === "command" && server.options.save !== undefined && server.options.restore !== undefined;

/** Saved now and then, and its modification requests recorded off the VM, for `replay-server`. */
export const isRecorded = (server: ServerOf<"mariadb">, { alone }: Pick<Description, "alone">): boolean =>
  server.state === "stateful" && alone.allow.includes("replay-server");

/** VMs with databases that have the same data as one on this VM. */
export function mirrorVms({ servers }: Pick<Description, "servers">, vm: string): readonly string[] {
  const databases = servers.filter((server): server is ServerOf<"mariadb"> => server.kind === "mariadb");
  const here = databases.filter((server) => server.vm === vm);
  const follows = (one: ServerOf<"mariadb">, other: ServerOf<"mariadb">) => one.options.replicates.includes(other.name);
  return databases
    .filter((one) => one.vm !== vm && here.some((other) => follows(one, other) || follows(other, one)))
    .map((one) => one.vm);
}

function isKeptElsewhere(server: ServerSpec, description: Description): boolean {
  if (server.kind === "mariadb") return server.options.replicates.length > 0 || isRecorded(server, description);
  return server.kind === "command" && (server.options.synchronise !== undefined || isSavedByCommand(server));
}

const unsaved = "No state of this kind is saved: write `state: stateless`, or describe it as of kind command.";
export function cureOfDataAtRisk(server: ServerSpec): string {
  if (server.kind === "command")
    return "Give it the commands `save` and `restore`; or `synchronise`, where other servers have its data.";
  if (server.kind !== "mariadb") return unsaved;
  const stateful = server.state === "stateful" ? "Add" : "Write `state: stateful` and add";
  return `${stateful} replay-server to alone.allow: then it is saved and recorded. Or give it a mirror by options.replicates.`;
}

/** No faults: the application works as described. Its data are at risk all the same, and nothing would say so before they are lost. */
export const dataAtRisk = (description: Description): readonly FaultAt[] =>
  description.servers.flatMap((server, at) =>
    hasData(server) && !isKeptElsewhere(server, description)
      ? [
          {
            path: ["servers", at, "name"],
            message: `the data of ${server.name} are on the disk of its VM and nowhere else: they are lost with it, and \`rebuild-vm\` is refused where they cannot be saved first.`,
            cure: cureOfDataAtRisk(server),
          },
        ]
      : [],
  );
