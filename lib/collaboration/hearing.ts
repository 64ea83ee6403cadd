import type { ManagerFrame } from "../contract/index.ts";
import { type ApplicationId, BelayError, type MessageId, type Viewer, type VmId } from "../model/index.ts";
import type { Surroundings } from "./ports.ts";
import { type Refusal, refusalOf } from "./wire.ts";

type Spoken = Exclude<ManagerFrame, { type: "hello" }>;
type Sensors = Extract<ManagerFrame, { type: "sensors" }>;
type Message = Extract<ManagerFrame, { type: "message" }>["message"];

const standsBy: Refusal = {
  code: "conflict",
  message: "Another manager of this organization is active: this one stands by.",
  field: "epoch",
  cure: "Wait until a `standing` frame says that it is active.",
};
const failed: Refusal = {
  code: "not-available",
  message: "Belay could not take it down now.",
  cure: "Send it again, with the same id, in a few seconds.",
};

/** Things of the customer's own that were looked up once: their owner seldom changes, and a report names them every few seconds. */
const mostKnown = 2000;

/** What a manager says after its `hello`: each frame is taken down, or refused with words. */
export function listener(options: {
  readonly around: Surroundings;
  readonly viewer: Viewer;
  speaker(): { readonly name: string; readonly active: boolean; readonly epoch: number };
  taken(id: MessageId): Promise<void>;
  refuse(id: MessageId | null, error: Refusal): Promise<void>;
  received(id: MessageId): void;
}): (frame: Spoken) => Promise<void> {
  const { around, viewer, speaker, taken, refuse, received } = options;
  const { store, clock, log } = around;
  const { organizationId } = viewer;
  const known = new Set<ApplicationId | VmId>();

  const note = (id: ApplicationId | VmId) => {
    if (known.size >= mostKnown) known.clear();
    known.add(id);
  };

  async function refuseOthers({ applicationId, sensors }: Sensors): Promise<void> {
    if (!known.has(applicationId)) {
      const own = (await store.applications()).find((it) => it.id === applicationId);
      if (own?.organizationId !== organizationId)
        throw new BelayError("not-found", "There is no such application.", { field: "applicationId" });
      note(applicationId);
    }
    const vms = new Set(sensors.flatMap(({ vmId, fromVmId }) => [vmId, fromVmId]));
    for (const id of vms) {
      if (id === null || known.has(id)) continue;
      if ((await store.vm(id))?.organizationId !== organizationId)
        throw new BelayError("not-found", `There is no VM ${id}.`, { field: "sensors" });
      note(id);
    }
  }

  async function report(frame: Sensors): Promise<void> {
    if (!speaker().active) return refuse(null, standsBy);
    await refuseOthers(frame);
    const { applicationId, sensors } = frame;
    const at = clock.now();
    await store.recordSensors({ organizationId, applicationId, sensors, reportedAt: at }, at);
  }

  async function message({ id, epoch, data }: Message): Promise<void> {
    const { name, active, epoch: own } = speaker();
    if (!active) return refuse(id, standsBy);
    await store.hear(
      { id, organizationId, epoch: epoch ?? own, message: data, by: `${name} (${viewer.name})` },
      clock.now(),
    );
    await taken(id);
  }

  async function hear(frame: Spoken): Promise<void> {
    switch (frame.type) {
      case "received":
        if (!speaker().active) return; // the one that acts now is sent it again
        await store.recordReceived(organizationId, frame.id, clock.now());
        return received(frame.id);
      case "message":
        return message(frame.message);
      case "sensors":
        return report(frame);
    }
  }

  return async (frame) => {
    try {
      await hear(frame);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) log.warn("what a manager said could not be taken down", { error, type: frame.type });
      const id = frame.type === "message" ? frame.message.id : frame.type === "received" ? frame.id : null;
      await refuse(id, refusal ?? failed);
    }
  };
}
