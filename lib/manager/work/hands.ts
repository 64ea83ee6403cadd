import { createSensors } from "../sensors/index.ts";
import type { HandsContext, SensorHands, ServerHands, TechniqueHands, VmHands } from "../servers.ts";
import { createTechniques } from "../techniques/index.ts";
import { createHands } from "../wrappers/index.ts";

/** What touches the VMs. The conformance kit's are others: they touch nothing. */
export type MakeHands = (context: HandsContext) => {
  readonly hands: ServerHands;
  readonly sensors: SensorHands;
  readonly techniques: (vms: VmHands) => TechniqueHands;
};

export const realHands: MakeHands = (context) => {
  const hands = createHands(context);
  return {
    hands,
    sensors: createSensors(context),
    techniques: (vms) => createTechniques({ ...context, hands, vms }),
  };
};
