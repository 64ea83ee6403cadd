import { createHash } from "node:crypto";
import { z } from "zod";
import type { Notes } from "../servers.ts";

/** One life of a VM: made anew it has another generation, and another host key. */
export interface VmLife {
  readonly vm: string;
  readonly generation: number;
}

/** The host keys that VMs showed first. A VM that shows another one in the same generation is not talked to. */
export interface HostKeys {
  known(life: VmLife): string | undefined;
  remember(life: VmLife, sha256: string): Promise<void>;
}

const note = z.object({ generation: z.int(), sha256: z.string() });

/** Only the newest generation of a VM is kept: older ones do not come back. */
export const hostKeysIn = (notes: Notes): HostKeys => ({
  known({ vm, generation }) {
    const found = note.safeParse(notes.recall(`ssh/${vm}`));
    return found.success && found.data.generation === generation ? found.data.sha256 : undefined;
  },
  async remember({ vm, generation }, sha256) {
    await notes.remember(`ssh/${vm}`, { generation, sha256 });
  },
});

/** As `ssh-keygen -l` shows it. */
export const hostKeySha256 = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
