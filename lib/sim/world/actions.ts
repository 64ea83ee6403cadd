import { z } from "zod";
import { switchFaults } from "./types.ts";

const vm = z.string();
const host = z.string();

/** Everything that can befall the cloud without Belay, as scripts and random schedules write it. */
export const worldAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("kill-qemu"), vm }),
  z.strictObject({ do: z.literal("panic"), vm }),
  z.strictObject({ do: z.literal("guest-powers-off"), vm }),
  z.strictObject({ do: z.literal("guest-sleeps"), vm }),
  z.strictObject({ do: z.literal("watchdog"), vm }),
  /** An idle one does nothing any more; a spinning one burns its CPU. */
  z.strictObject({ do: z.literal("hang"), vm, kind: z.enum(["idle", "spinning"]).optional() }),
  /** The guest's network: it is well inside. */
  z.strictObject({ do: z.literal("unplug-guest"), vm }),
  z.strictObject({ do: z.literal("plug-guest"), vm }),
  z.strictObject({ do: z.literal("disk-error"), vm, reason: z.enum(["no space", "other"]) }),
  z.strictObject({ do: z.literal("disk-mended"), vm }),
  z.strictObject({ do: z.literal("crash-loop"), vm, afterMs: z.int().min(1) }),
  z.strictObject({ do: z.literal("crash-loop-ends"), vm }),
  z.strictObject({ do: z.literal("person-pauses"), vm }),
  z.strictObject({ do: z.literal("person-resumes"), vm }),
  z.strictObject({ do: z.literal("person-stops"), vm }),
  z.strictObject({ do: z.literal("person-starts"), vm }),
  z.strictObject({ do: z.literal("person-undefines"), vm }),
  /** A second disk that nobody else speaks of: what was saved before has it. */
  z.strictObject({ do: z.literal("person-detaches-disk"), vm }),
  z.strictObject({ do: z.literal("host-power-off"), host }),
  z.strictObject({ do: z.literal("host-power-on"), host }),
  /** The host's cable, to Belay and to all other hosts. */
  z.strictObject({ do: z.literal("cut"), host }),
  z.strictObject({ do: z.literal("mend"), host }),
  /** The path between Belay and the host alone. */
  z.strictObject({ do: z.literal("isolate"), host }),
  z.strictObject({ do: z.literal("rejoin"), host }),
  z.strictObject({ do: z.literal("libvirtd-dies"), host }),
  z.strictObject({ do: z.literal("libvirtd-starts"), host }),
  /** libvirtd dies, and again soon after each start. */
  z.strictObject({ do: z.literal("libvirtd-broken"), host }),
  z.strictObject({ do: z.literal("libvirtd-mended"), host }),
  z.strictObject({ do: z.literal("host-key-changes"), host }),
  z.strictObject({ do: z.literal("helper-dies"), host }),
  z.strictObject({ do: z.literal("helper-starts"), host }),
  /** What ails the host's power switch number `device` (1 where it is left out); "lies" is a limit of every fencing. */
  z.strictObject({ do: z.literal("fence-fails"), host, how: z.enum(switchFaults), device: z.int().min(1).optional() }),
  z.strictObject({ do: z.literal("fence-mended"), host, device: z.int().min(1).optional() }),
  z.strictObject({ do: z.literal("part"), from: host, to: host }),
  z.strictObject({ do: z.literal("join"), from: host, to: host }),
  /** Disks below `path` fail for `ms`; guests that write are held. */
  z.strictObject({ do: z.literal("storage-hiccup"), path: z.string().startsWith("/"), ms: z.int().min(1) }),
  /** The next live migrations fail in their middle. */
  z.strictObject({ do: z.literal("migrations-fail"), count: z.int().min(1) }),
  /** A person moves a VM while it runs, by hand. */
  z.strictObject({ do: z.literal("person-moves"), vm, to: host }),
  /** A person defines and starts the VM once more on another host: without disk locks it then runs twice. */
  z.strictObject({ do: z.literal("person-copies"), vm, to: host }),
  /** The time of day on Belay's machine is set. */
  z.strictObject({ do: z.literal("clock-jumps"), ms: z.int() }),
  /** What the provider's program does from now on when it is run. */
  z.strictObject({
    do: z.literal("hook-will"),
    program: z.string().min(1),
    exitCode: z.int().default(0),
    output: z.string().default(""),
    ms: z.int().min(0).default(100),
    starts: vm.optional(),
  }),
  /** The agent that saves guests' states on the host, in the middle of its work. */
  z.strictObject({ do: z.literal("agent-dies"), host }),
  /** The same, and the host's cable, so long after its next capture began. */
  z.strictObject({
    do: z.literal("in-next-capture"),
    host,
    afterMs: z.int().min(0),
    what: z.enum(["agent-dies", "cut", "kill-qemu", "host-power-off"]),
  }),
  /** What was to befall captures does not. */
  z.strictObject({ do: z.literal("captures-spared") }),
  /** The store of checkpoints has no room, or has again. */
  z.strictObject({ do: z.literal("store-fills") }),
  z.strictObject({ do: z.literal("store-empties") }),
  /** Saving takes so much longer from now on. */
  z.strictObject({ do: z.literal("captures-slow"), ms: z.int().min(0) }),
  /** Bytes of the newest checkpoints of a VM that nobody knows as damaged are not what they were. */
  z.strictObject({ do: z.literal("checkpoint-damaged"), vm, newest: z.int().min(1).default(1) }),
  /** QEMU on the host cannot load the next `count` saved states; 0: it can again. */
  z.strictObject({ do: z.literal("restores-fail"), host, count: z.int().min(0) }),
  z.strictObject({ do: z.literal("lose-events"), count: z.int().min(1) }),
  z.strictObject({ do: z.literal("duplicate-events"), count: z.int().min(1) }),
  z.strictObject({ do: z.literal("delay-events"), count: z.int().min(1), ms: z.int().min(1) }),
]);
export type WorldAction = z.infer<typeof worldAction>;

export type ByHandAction = Extract<WorldAction, { do: "person-moves" | "person-copies" }>;
export type DamageAction = Extract<WorldAction, { do: "checkpoint-damaged" }>;
export type VmAction = Exclude<Extract<WorldAction, { vm: string }>, ByHandAction | DamageAction>;
export type MendAction = Extract<VmAction, { do: "disk-mended" | "crash-loop-ends" | "plug-guest" }>;
export type PlannedAction = Extract<WorldAction, { do: "in-next-capture" }>;
export type RefusalAction = Extract<WorldAction, { do: "restores-fail" }>;
export type HostAction = Exclude<Extract<WorldAction, { host: string }>, PlannedAction | RefusalAction>;
export type CloudAction = Exclude<
  WorldAction,
  VmAction | HostAction | ByHandAction | DamageAction | PlannedAction | RefusalAction
>;
