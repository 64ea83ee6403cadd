import { randomUUID } from "node:crypto";
import { z } from "zod";
import { runOnHost } from "../../../lab/index.ts";
import type { CheckpointId } from "../../../lib/model/index.ts";
import { until } from "../../stack/enrol.ts";
import type { SavedVm, SavingLab } from "./saving-lab.ts";
import { type Counted, readCounted } from "./workload.ts";

const opened = z.object({ return: z.number() });
const readReply = z.object({ return: z.object({ "buf-b64": z.string() }) });
const agentMs = 60_000;

/** A checkpoint begun anew beside its VM, with its cable out: what it holds is read by QEMU's guest agent. */
export interface Copy {
  readonly lazy: boolean;
  counted(): Promise<Counted>;
  end(): Promise<void>;
}

export async function openCopy(
  saving: SavingLab,
  vm: SavedVm,
  checkpoint: CheckpointId,
  number: number,
): Promise<Copy> {
  const beside = { name: `${vm.guest.name}-look-${number}`, uuid: randomUUID() };
  const known = { id: vm.id, uuid: vm.guest.uuid, name: vm.guest.name };
  const request = { checkpoint, vm: known, definition: vm.definition, generation: 1, beside };
  const { lazy } = await saving.checkpoints.restore(vm.hostId, request, null, () => undefined);
  const onHost = async (argv: readonly string[]) => await runOnHost(saving.name, vm.guest.host, [...argv]);
  const agent = async <T>(execute: string, given: unknown, shape: z.ZodType<T>): Promise<T | undefined> => {
    const text = JSON.stringify({ execute, arguments: given });
    const { code, stdout } = await onHost(["virsh", "-q", "qemu-agent-command", beside.name, text, "--timeout", "5"]);
    return code === 0 ? shape.parse(JSON.parse(stdout)) : undefined;
  };
  return {
    lazy,
    counted: () =>
      until(
        `what ${beside.name} counted`,
        async () => {
          const file = await agent("guest-file-open", { path: "/run/belay-count", mode: "r" }, opened);
          if (file === undefined) return undefined;
          const read = await agent("guest-file-read", { handle: file.return, count: 256 }, readReply);
          await agent("guest-file-close", { handle: file.return }, z.unknown());
          const text = Buffer.from(read?.return["buf-b64"] ?? "", "base64")
            .toString("utf8")
            .trim();
          return text.endsWith("}") ? readCounted(text) : undefined;
        },
        50,
        agentMs,
      ),
    async end() {
      const { stdout } = await onHost(["virsh", "-q", "domblklist", beside.name]);
      await onHost(["virsh", "destroy", beside.name]);
      await onHost(["virsh", "undefine", beside.name]);
      const disks = stdout.split(/\s+/).filter((word) => /\.belay-.*\.qcow2$/.test(word));
      for (const disk of disks) await onHost(["rm", "-f", disk, disk.replace(/qcow2$/, "base")]);
    },
  };
}
