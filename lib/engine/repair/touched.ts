import type { Incident } from "../../model/index.ts";
import { kindOfStep } from "./step-kinds.ts";

type Repaired = Pick<Incident, "partOf"> & {
  readonly repairs: readonly { readonly steps: readonly { readonly name: string }[] }[];
};

/** No repair of this incident has come to a step that may switch the VM off: that it is off is not Belay's doing. */
export const isUntouched = ({ partOf, repairs }: Repaired): boolean =>
  repairs.every(({ steps }) =>
    steps.every(({ name }) => {
      const kind = kindOfStep(name);
      return kind === "looks" || (kind === "asks" && partOf !== null);
    }),
  );
