import { z } from "zod";
import { line, port, serverName, shell, vmName } from "./words.ts";

/** Sensors beside those that each kind of server brings. `from`: the VM that looks, or the manager itself. */
const common = {
  name: line(80),
  server: serverName,
  from: z.union([vmName, z.literal("manager")]).optional(),
  withinSeconds: z.number().min(0.1).max(60).default(2),
};

export const ownSensor = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("process"), ...common, process: line(120) }),
  z.strictObject({ kind: z.literal("tcp"), ...common, port: port.optional() }),
  z.strictObject({
    kind: z.literal("http"),
    ...common,
    port: port.optional(),
    path: z.string().startsWith("/").default("/"),
    contains: line(200).optional().describe("Words that a good answer holds."),
  }),
  z.strictObject({ kind: z.literal("sql"), ...common, query: line(1000) }),
  z.strictObject({ kind: z.literal("command"), ...common, run: shell }),
]);
export type OwnSensor = z.output<typeof ownSensor>;
