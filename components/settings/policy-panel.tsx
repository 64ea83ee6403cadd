import { NumberInput } from "@mantine/core";
import type { PolicyView } from "../../lib/contract/index.ts";
import { type PolicyNumber, policyFields } from "./policy-fields.ts";
import { PolicyForm } from "./policy-form.tsx";
import classes from "./settings.module.css";

type Numbers = Pick<PolicyView, PolicyNumber>;
type Inputs = Partial<Record<PolicyNumber, number | string>>;

const inputsOf = (policy: PolicyView): Inputs => {
  const inputs: Inputs = {};
  for (const { name, unit } of policyFields) inputs[name] = policy[name] / unit;
  return inputs;
};

/** What was changed, in the policy's own units. */
const changesOf = (policy: PolicyView, inputs: Inputs): Partial<Numbers> => {
  const changes: Partial<Numbers> = {};
  for (const { name, unit } of policyFields) {
    const value = Number(inputs[name]) * unit;
    if (inputs[name] !== "" && value !== policy[name]) changes[name] = value;
  }
  return changes;
};

/** Overcommit, storm guard, leases and the rest. */
export function PolicyPanel({ policy }: { readonly policy: PolicyView }) {
  return (
    <PolicyForm title="Policy" submit="Save the policy" policy={policy} inputsOf={inputsOf} changesOf={changesOf}>
      {({ inputs, edit, wrongAt }) => (
        <div className={classes.fields}>
          {policyFields.map(({ name, label, words, decimals }) => (
            <NumberInput
              key={name}
              label={label}
              description={words}
              inputWrapperOrder={["label", "input", "description", "error"]}
              allowNegative={false}
              allowDecimal={decimals}
              value={inputs[name] ?? ""}
              error={wrongAt(name)}
              onChange={(value) => edit({ ...inputs, [name]: value })}
            />
          ))}
        </div>
      )}
    </PolicyForm>
  );
}
