/** Steps that switch nothing off. */
const onlyLooks = /^(look|check$|own disk$|old host|place|claim|answer$|ask the customer$)/;

interface Repaired {
  readonly repairs: readonly { readonly steps: readonly { readonly name: string }[] }[];
}

/** No repair of this incident has come to a step that may switch the VM off: that it is off is not Belay's doing. */
export const isUntouched = ({ repairs }: Repaired): boolean =>
  repairs.every((repair) => repair.steps.every(({ name }) => onlyLooks.test(name)));
