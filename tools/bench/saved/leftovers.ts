import { z } from "zod";
import { runOnHost } from "../../../lab/index.ts";

const block = z.object({
  return: z.array(
    z.looseObject({
      "node-name": z.string(),
      "dirty-bitmaps": z.array(z.looseObject({ name: z.string().optional() })).optional(),
    }),
  ),
});
const jobs = z.object({ return: z.array(z.unknown()) });
const capabilities = z.object({ return: z.array(z.object({ capability: z.string(), state: z.boolean() })) });
/** Those that a capture of any method sets; libvirt has its own, which stay on. */
const ownCapabilities = new Set(["background-snapshot", "pause-before-switchover", "x-ignore-shared"]);
const workDir = "/var/lib/libvirt/belay-host/work";

/** What captures left on a host, each in words. The bitmaps of the newest checkpoint and of the one before are no leftovers: the next is taken against them. */
export async function leftovers(lab: string, host: string, guest: string): Promise<string[]> {
  const ask = async <T>(execute: string, shape: z.ZodType<T>): Promise<T> => {
    const { stdout } = await runOnHost(lab, host, [
      "virsh",
      "qemu-monitor-command",
      guest,
      JSON.stringify({ execute }),
    ]);
    return shape.parse(JSON.parse(stdout));
  };
  const found: string[] = [];
  const nodes = (await ask("query-named-block-nodes", block)).return;
  const bitmaps = new Set(nodes.flatMap((node) => (node["dirty-bitmaps"] ?? []).flatMap(({ name }) => name ?? [])));
  if (bitmaps.size > 2) found.push(`bitmaps ${[...bitmaps].join(", ")}`);
  for (const node of nodes) if (node["node-name"].startsWith("belay")) found.push(`block node ${node["node-name"]}`);
  for (const job of (await ask("query-jobs", jobs)).return) found.push(`job ${JSON.stringify(job)}`);
  for (const { capability, state } of (await ask("query-migrate-capabilities", capabilities)).return)
    if (state && ownCapabilities.has(capability)) found.push(`capability ${capability}`);
  const { stdout } = await runOnHost(lab, host, ["ls", workDir]);
  for (const file of stdout.split("\n").filter(Boolean)) found.push(`file ${file}`);
  return found;
}
