import { z } from "zod";

const vm = z.string();
const host = z.string();

/** Everything that can befall the cloud without Belay, as scripts and random schedules write it. */
export const worldAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("kill-qemu"), vm }),
  z.strictObject({ do: z.literal("panic"), vm }),
  z.strictObject({ do: z.literal("guest-powers-off"), vm }),
  z.strictObject({ do: z.literal("guest-sleeps"), vm }),
  z.strictObject({ do: z.literal("watchdog"), vm }),
  z.strictObject({ do: z.literal("hang"), vm }),
  z.strictObject({ do: z.literal("disk-error"), vm, reason: z.enum(["no space", "other"]) }),
  z.strictObject({ do: z.literal("disk-mended"), vm }),
  z.strictObject({ do: z.literal("crash-loop"), vm, afterMs: z.int().min(1) }),
  z.strictObject({ do: z.literal("crash-loop-ends"), vm }),
  z.strictObject({ do: z.literal("person-pauses"), vm }),
  z.strictObject({ do: z.literal("person-resumes"), vm }),
  z.strictObject({ do: z.literal("person-stops"), vm }),
  z.strictObject({ do: z.literal("person-starts"), vm }),
  z.strictObject({ do: z.literal("person-undefines"), vm }),
  z.strictObject({ do: z.literal("host-power-off"), host }),
  z.strictObject({ do: z.literal("host-power-on"), host }),
  z.strictObject({ do: z.literal("cut"), host }),
  z.strictObject({ do: z.literal("mend"), host }),
  z.strictObject({ do: z.literal("libvirtd-dies"), host }),
  z.strictObject({ do: z.literal("libvirtd-starts"), host }),
  z.strictObject({ do: z.literal("host-key-changes"), host }),
  z.strictObject({ do: z.literal("lose-events"), count: z.int().min(1) }),
  z.strictObject({ do: z.literal("duplicate-events"), count: z.int().min(1) }),
  z.strictObject({ do: z.literal("delay-events"), count: z.int().min(1), ms: z.int().min(1) }),
]);
export type WorldAction = z.infer<typeof worldAction>;

export type VmAction = Extract<WorldAction, { vm: string }>;
export type MendAction = Extract<VmAction, { do: "disk-mended" | "crash-loop-ends" }>;
export type HostAction = Extract<WorldAction, { host: string }>;
export type EventAction = Exclude<WorldAction, VmAction | HostAction>;
