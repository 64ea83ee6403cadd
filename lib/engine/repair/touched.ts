import type { Incident } from "../../model/index.ts";

/** Steps that switch nothing off. */
const onlyLooks = /^(look|check$|choose$|where$|read$|own disk$|place|claim|answer$|ask the customer$)/;
/** A host that failed is waited for; one that lives is told to switch the VM off and to forget it, and may be lost in between. */
const oldHost = /^old host/;

type Repaired = Pick<Incident, "partOf"> & {
  readonly repairs: readonly { readonly steps: readonly { readonly name: string }[] }[];
};

/** No repair of this incident has come to a step that may switch the VM off: that it is off is not Belay's doing. */
export const isUntouched = ({ partOf, repairs }: Repaired): boolean =>
  repairs.every(({ steps }) =>
    steps.every(({ name }) => onlyLooks.test(name) || (partOf !== null && oldHost.test(name))),
  );
